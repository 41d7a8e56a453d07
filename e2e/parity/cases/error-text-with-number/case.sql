-- feature: Errors | a text compared with a number
-- verdict: error: line 5, column 32 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, same BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, s = id FROM orders;
