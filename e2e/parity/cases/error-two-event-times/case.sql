-- feature: Errors | two event-time columns in the rows of one table
-- verdict: different: Flink takes one and wants the others CAST to TIMESTAMP(3); here any number is taken
CREATE TABLE events (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (id INT, ts TIMESTAMP(3), t TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, ts, window_time FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR));
