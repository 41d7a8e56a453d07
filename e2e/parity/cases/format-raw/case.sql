-- feature: Formats | 'format' = 'raw' over Kafka
-- verdict: refused: is 'raw', which the kafka connector of the embedded engine does not
-- rows: 2
CREATE TABLE orders (line STRING) WITH (
  'connector' = 'kafka', 'topic' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'raw');
CREATE TABLE results (line STRING) WITH (${output});
INSERT INTO results SELECT line FROM orders;
