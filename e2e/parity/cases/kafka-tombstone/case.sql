-- feature: Kafka | a record without a value, read as JSON
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
