-- feature: Windows | NULL is a key like any other; keys of several types
-- verdict: same
-- rows: 5
CREATE TABLE events (k STRING, b BOOLEAN, d DATE, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, b BOOLEAN, d DATE, n BIGINT, total INT) WITH (${output});
INSERT INTO results SELECT k, b, d, COUNT(n), SUM(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, b, d, window_start, window_end;
