-- feature: Errors | a statement that is misspelt
-- verdict: error: line 5, column 1 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSRT INTO results SELECT id, s FROM orders;
