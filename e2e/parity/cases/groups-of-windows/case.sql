-- feature: Aggregation without windows | GROUP BY over the results of windows
-- verdict: same
-- rows: 2
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, windows BIGINT, most BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
CREATE VIEW per_minute AS
SELECT k, window_start, SUM(n) AS total FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY k, window_start, window_end;
INSERT INTO results SELECT k, COUNT(*), CAST(MAX(total) AS BIGINT) FROM per_minute GROUP BY k;
