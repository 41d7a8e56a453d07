-- feature: Formats | a JSON number with a fraction where the column is an INT: cut off
-- verdict: same
-- rows: 1
CREATE TABLE orders (id INT, i INT) WITH (${input:orders});
CREATE TABLE results (id INT, i INT) WITH (${output});
INSERT INTO results SELECT id, i FROM orders;
