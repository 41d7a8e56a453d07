-- feature: Window aggregates | COUNT(DISTINCT x), SUM(DISTINCT x), several in one query, with NULLs
-- verdict: same
-- rows: 2
CREATE TABLE events (k STRING, u STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, n BIGINT, u BIGINT, dn BIGINT, s INT) WITH (${output});
INSERT INTO results SELECT k, COUNT(*), COUNT(DISTINCT u), COUNT(DISTINCT n), SUM(DISTINCT n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
