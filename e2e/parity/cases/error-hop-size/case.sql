-- feature: Errors | HOP whose size is no multiple of its slide
-- verdict: error: line 6, column 12 (Flink names no place)
CREATE TABLE events (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), n BIGINT) WITH (${output});
INSERT INTO results SELECT window_start, COUNT(*)
FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
