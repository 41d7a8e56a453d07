-- feature: Errors | a statement that is misspelt
-- verdict: error: line 5, column 1
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSRT INTO result SELECT id, s FROM orders;
