-- feature: Kafka | 'connector' = 'upsert-kafka' as output of windows by key
-- verdict: same
-- rows: 2
CREATE TABLE clicks (page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:clicks});
CREATE TABLE results (page STRING, window_start TIMESTAMP(3), n BIGINT, PRIMARY KEY (page, window_start) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT page, window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY page, window_start, window_end;
