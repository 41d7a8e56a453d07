-- feature: Errors | a text into a number's column
-- verdict: error: line 5, column 1 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, n BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, id FROM orders;
