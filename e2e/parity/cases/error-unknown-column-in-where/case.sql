-- feature: Errors | a column that is not there, in WHERE, of a named table
-- verdict: error: line 6, column 22
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders AS o
WHERE o.id > 1 AND o.nam = 'x';
