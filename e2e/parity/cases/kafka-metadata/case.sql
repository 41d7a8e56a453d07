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
  at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (${input:orders});
CREATE TABLE result (id INT, t STRING, p INT, o BIGINT, at TIMESTAMP_LTZ(3)) WITH (${output});
INSERT INTO result SELECT id, t, `partition`, `offset`, at FROM orders;
