-- feature: Kafka | 'connector' = 'upsert-kafka' as input
-- verdict: refused: reading upsert-kafka is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, s STRING, PRIMARY KEY (id) NOT ENFORCED) WITH (
  'connector' = 'upsert-kafka', 'topic' = '${topic:orders}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.bounded.mode' = 'latest-offset', 'key.format' = 'json', 'value.format' = 'json');
CREATE TABLE results (id INT, s STRING, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id, s FROM orders;
