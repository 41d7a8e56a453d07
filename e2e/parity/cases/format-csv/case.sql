-- feature: Formats | 'format' = 'csv' over Kafka
-- verdict: refused: is 'csv', which the kafka connector of the embedded engine does not
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (
  'connector' = 'kafka', 'topic' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'csv');
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
