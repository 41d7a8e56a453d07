-- feature: Queries | LATERAL TABLE of a built-in table function
-- verdict: refused: a list of tables (a join) is not supported yet
-- rows: 3
CREATE TABLE orders (id INT, tags ARRAY<STRING>) WITH (${input:orders});
CREATE TABLE result (id INT, tag STRING) WITH (${output});
INSERT INTO result SELECT id, tag FROM orders, UNNEST(tags) AS t (tag);
