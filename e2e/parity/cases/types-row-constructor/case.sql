-- feature: Types | ROW(…) made by a query
-- verdict: refused: function ROW is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, name STRING) WITH (${input:orders});
CREATE TABLE result (id INT, both ROW<a INT, b STRING>) WITH (${output});
INSERT INTO result SELECT id, ROW(id, name) FROM orders;
