-- feature: Kafka | metadata columns: topic, partition, offset, timestamp
-- verdict: same
-- rows: 5
-- partitions: 3
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE orders (
  id INT,
  t STRING METADATA FROM 'topic',
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA,
  ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (${input:orders});
CREATE TABLE results (id INT, t STRING, p INT, o BIGINT, ts TIMESTAMP_LTZ(3)) WITH (${output});
INSERT INTO results SELECT id, t, `partition`, `offset`, ts FROM orders;
