-- feature: Kafka | 'scan.bounded.mode' = 'timestamp'
-- verdict: refused: 'timestamp' is not supported yet; unbounded and latest-offset are
-- rows: 1
CREATE TABLE orders (id INT) WITH (
  'connector' = 'kafka', 'topic' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'timestamp', 'scan.bounded.timestamp-millis' = '4102444800000',
  'format' = 'json');
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
