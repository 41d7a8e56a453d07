-- feature: Errors | a text into a number's column
-- verdict: error: line 5, column 1 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, n BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, id FROM orders;
