-- feature: Errors | fewer columns than the table that is written has
-- verdict: error: line 5, column 1 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id FROM orders;
