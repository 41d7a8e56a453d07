-- feature: Queries | CROSS JOIN UNNEST of an array
-- verdict: refused: JOIN is not supported yet
-- rows: 3
CREATE TABLE orders (id INT, tags ARRAY<STRING>) WITH (${input:orders});
CREATE TABLE result (id INT, tag STRING) WITH (${output});
INSERT INTO result SELECT id, tag FROM orders CROSS JOIN UNNEST(tags) AS t (tag);
