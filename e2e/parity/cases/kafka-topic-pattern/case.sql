-- feature: Kafka | 'topic-pattern'
-- verdict: refused: 'topic-pattern' is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (
  'connector' = 'kafka', 'topic-pattern' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json');
CREATE TABLE result (id INT) WITH (${output});
INSERT INTO result SELECT id FROM orders;
