-- feature: Types | MULTISET columns
-- verdict: refused: type MULTISET is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, tags MULTISET<STRING>) WITH (${input:orders});
CREATE TABLE results (id INT, tags MULTISET<STRING>) WITH (${output});
INSERT INTO results SELECT id, tags FROM orders;
