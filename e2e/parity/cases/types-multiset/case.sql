-- feature: Types | MULTISET columns
-- verdict: refused: type MULTISET is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, tags MULTISET<STRING>) WITH (${input:orders});
CREATE TABLE result (id INT, tags MULTISET<STRING>) WITH (${output});
INSERT INTO result SELECT id, tags FROM orders;
