-- feature: Errors | a text into a number's column
-- verdict: different: Flink names no place; here it is that of the INSERT INTO
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, n BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, id FROM orders;
