-- feature: Types | ROW(…) made by a query
-- verdict: refused: function ROW is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, name STRING) WITH (${input:orders});
CREATE TABLE results (id INT, pair ROW<a INT, b STRING>) WITH (${output});
INSERT INTO results SELECT id, ROW(id, name) FROM orders;
