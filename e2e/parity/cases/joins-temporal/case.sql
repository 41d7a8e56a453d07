-- feature: Joins | a temporal join: FOR SYSTEM_TIME AS OF, with versions from upsert-kafka
-- verdict: refused: FOR SYSTEM_TIME AS OF is not supported yet
-- rows: 2
CREATE TABLE orders (id INT, currency STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:orders});
CREATE TABLE rates (currency STRING, rate DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (currency) NOT ENFORCED) WITH (
  'connector' = 'upsert-kafka', 'topic' = '${topic:rates}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'scan.bounded.mode' = 'latest-offset', 'key.format' = 'json', 'value.format' = 'json');
CREATE TABLE results (id INT, rate DECIMAL(10, 2)) WITH (${output});
INSERT INTO results SELECT o.id, r.rate FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;
