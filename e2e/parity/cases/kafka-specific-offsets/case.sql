-- feature: Kafka | 'scan.startup.mode' = 'specific-offsets'
-- verdict: same
-- rows: 3
-- partitions: 2
CREATE TABLE orders (id INT) WITH (
  'connector' = 'kafka', 'topic' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'partition:0,offset:1;partition:1,offset:0',
  'scan.bounded.mode' = 'latest-offset', 'format' = 'json');
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
