-- feature: Errors | a column that is neither grouped nor aggregated
-- verdict: error: line 6, column 3
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, n INT, c BIGINT) WITH (${output});
INSERT INTO results SELECT k,
  n, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
