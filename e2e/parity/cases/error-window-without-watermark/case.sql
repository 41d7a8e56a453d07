-- feature: Errors | a window over a column that is no event time
-- verdict: error: line 5, column 83 (Flink names no place)
CREATE TABLE events (k STRING, ts TIMESTAMP(3)) WITH (${input:events});
CREATE TABLE results (k STRING, c BIGINT) WITH (${output});
INSERT INTO results SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
