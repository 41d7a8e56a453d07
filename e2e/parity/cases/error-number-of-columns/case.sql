-- feature: Errors | fewer columns than the table that is written has
-- verdict: different: Flink names no place; here it is that of the INSERT INTO
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result SELECT id FROM orders;
