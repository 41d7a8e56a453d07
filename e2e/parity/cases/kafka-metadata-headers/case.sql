-- feature: Kafka | metadata column: headers
-- verdict: refused: the metadata key 'headers' is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, headers MAP<STRING, BYTES> METADATA) WITH (${input:orders});
CREATE TABLE result (id INT, headers MAP<STRING, BYTES>) WITH (${output});
INSERT INTO result SELECT id, headers FROM orders;
