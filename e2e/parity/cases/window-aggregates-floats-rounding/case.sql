-- feature: Window aggregates | SUM of FLOATs whose sum is no FLOAT at every step
-- verdict: different: SUM of FLOAT adds up in DOUBLE here, in FLOAT in Flink
CREATE TABLE events (f FLOAT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (s FLOAT) WITH (${output});
INSERT INTO results SELECT SUM(f)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
