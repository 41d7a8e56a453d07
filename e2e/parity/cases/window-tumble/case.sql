-- feature: Windows | TUMBLE by key: COUNT, SUM, MIN, MAX, AVG, of disordered rows
-- verdict: same
-- rows: 5
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '30' SECOND) WITH (${input:events});
CREATE TABLE results (k STRING, a TIMESTAMP(3), b TIMESTAMP(3), t TIMESTAMP(3), n BIGINT, total INT, low INT, high INT, mean INT) WITH (${output});
INSERT INTO results SELECT k, window_start, window_end, window_time, COUNT(*), SUM(n), MIN(n), MAX(n), AVG(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND))
GROUP BY k, window_start, window_end, window_time;
