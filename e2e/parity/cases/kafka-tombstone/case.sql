-- feature: Kafka | a record without a value, read as JSON
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result SELECT id, s FROM orders;
