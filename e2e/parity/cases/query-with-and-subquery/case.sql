-- feature: Queries | WITH and a subquery in FROM
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, a INT) WITH (${input:orders});
CREATE TABLE results (id INT, b INT) WITH (${output});
INSERT INTO results
WITH big AS (SELECT id, a + 1 AS b FROM orders WHERE a > 1)
SELECT x.id, x.b FROM (SELECT id, b FROM big WHERE id <> 3) AS x;
