-- feature: Window aggregates | aggregates with FILTER (WHERE …)
-- verdict: same
-- rows: 2
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, n BIGINT, big BIGINT, s INT, du BIGINT) WITH (${output});
INSERT INTO results SELECT k, COUNT(*), COUNT(*) FILTER (WHERE n > 1), SUM(n) FILTER (WHERE n < 0), COUNT(DISTINCT n) FILTER (WHERE n > 1)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
