-- feature: Kafka | 'topic-pattern'
-- verdict: refused: 'topic-pattern' is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (
  'connector' = 'kafka', 'topic-pattern' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json');
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
