-- feature: Errors | fewer columns than the table that is written has
-- verdict: error: line 5, column 1 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result SELECT id FROM orders;
