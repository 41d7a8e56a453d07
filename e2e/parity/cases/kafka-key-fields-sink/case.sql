-- feature: Kafka | 'key.format', 'key.fields' and 'value.fields-include' of a topic that is written
-- verdict: same
-- rows: 2
CREATE TABLE orders (k INT, s STRING) WITH (${input:orders});
CREATE TABLE results (k INT, s STRING) WITH (
  'connector' = 'kafka', 'topic' = '${topic:written}', 'properties.bootstrap.servers' = '${kafka_brokers}',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'json', 'key.fields' = 'k', 'value.format' = 'json', 'value.fields-include' = 'EXCEPT_KEY');
INSERT INTO results SELECT k, s FROM orders;
