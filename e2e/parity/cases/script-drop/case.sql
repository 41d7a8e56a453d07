-- feature: Scripts | DROP TABLE
-- verdict: refused: DROP as a statement is not supported yet
-- rows: 1
DROP TABLE IF EXISTS orders;
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
