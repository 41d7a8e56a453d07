-- feature: Queries | CROSS JOIN UNNEST of an array
-- verdict: refused: CROSS JOIN is not supported yet
-- rows: 3
CREATE TABLE orders (id INT, tags ARRAY<STRING>) WITH (${input:orders});
CREATE TABLE results (id INT, tag STRING) WITH (${output});
INSERT INTO results SELECT id, tag FROM orders CROSS JOIN UNNEST(tags) AS t (tag);
