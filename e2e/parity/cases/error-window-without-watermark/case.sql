-- feature: Errors | a window over a column that is no event time
-- verdict: different: Flink names no place; here it is that of the column
CREATE TABLE events (k STRING, ts TIMESTAMP(3)) WITH (${input:events});
CREATE TABLE result (k STRING, c BIGINT) WITH (${output});
INSERT INTO result SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
