-- feature: Windows | GROUPING SETS over a window
-- verdict: same
-- rows: 3
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT k, window_start, SUM(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, GROUPING SETS ((k), ());
