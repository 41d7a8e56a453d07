-- feature: Types | MAP[…] made by a query
-- verdict: refused: MAP[…] is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE result (ids MAP<STRING, INT>) WITH (${output});
INSERT INTO result SELECT MAP['id', id] FROM orders;
