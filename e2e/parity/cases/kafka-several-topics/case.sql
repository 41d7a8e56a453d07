-- feature: Kafka | one table over several topics, with specific start offsets elsewhere
-- verdict: same
-- rows: 4
-- partitions: 2
CREATE TABLE orders (id INT) WITH (
  'connector' = 'kafka', 'topic' = '${topic:north};${topic:south}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json');
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
