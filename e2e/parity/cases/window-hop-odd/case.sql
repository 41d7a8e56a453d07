-- feature: Windows | HOP every 7 s over 21 s
-- verdict: same
-- rows: 13
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:events});
CREATE TABLE results (k STRING, a TIMESTAMP(3), b TIMESTAMP(3), n BIGINT, total INT) WITH (${output});
INSERT INTO results SELECT k, window_start, window_end, COUNT(*), SUM(n)
FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '21' SECOND))
GROUP BY k, window_start, window_end;
