-- feature: Windows | a row whose event time is NULL
-- verdict: different: Flink's job fails at the row; here it goes to the dead letters, and the rest is read
SET 'restart-strategy.type' = 'none';
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), n BIGINT) WITH (${output});
INSERT INTO results SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
