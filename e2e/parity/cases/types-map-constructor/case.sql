-- feature: Types | MAP[…] made by a query
-- verdict: refused: MAP[…] is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (ids MAP<STRING, INT>) WITH (${output});
INSERT INTO results SELECT MAP['id', id] FROM orders;
