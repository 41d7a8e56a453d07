-- feature: Kafka | metadata column: headers
-- verdict: refused: the metadata key 'headers' is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, headers MAP<STRING, BYTES> METADATA) WITH (${input:orders});
CREATE TABLE results (id INT, headers MAP<STRING, BYTES>) WITH (${output});
INSERT INTO results SELECT id, headers FROM orders;
