-- feature: Types | ARRAY[…] made by a query
-- verdict: refused: ARRAY[…] is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (ids ARRAY<INT>) WITH (${output});
INSERT INTO results SELECT ARRAY[id, id + 1] FROM orders;
