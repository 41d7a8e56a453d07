-- feature: Windows | ROLLUP and CUBE over a window
-- verdict: same
-- rows: 4
CREATE TABLE events (k STRING, s STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, s STRING, a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT k, s, window_start, SUM(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (k, s);
