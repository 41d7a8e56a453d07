-- feature: Comparison and logic | a text compared with a number
-- verdict: refused: STRING and INT do not go together; use CAST
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, same BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, s = id FROM orders;
