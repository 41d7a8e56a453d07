-- feature: Scripts | DROP TABLE
-- verdict: refused: DROP as a statement is not supported yet
-- rows: 1
DROP TABLE IF EXISTS orders;
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE result (id INT) WITH (${output});
INSERT INTO result SELECT id FROM orders;
