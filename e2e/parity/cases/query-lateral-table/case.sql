-- feature: Queries | LATERAL TABLE of a built-in table function
-- verdict: refused: a list of tables (a join) is not supported yet
-- rows: 3
CREATE TABLE orders (id INT, tags ARRAY<STRING>) WITH (${input:orders});
CREATE TABLE results (id INT, tag STRING) WITH (${output});
INSERT INTO results SELECT id, tag FROM orders, UNNEST(tags) AS t (tag);
