-- feature: Queries | WITH and a subquery in FROM
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, a INT) WITH (${input:orders});
CREATE TABLE result (id INT, b INT) WITH (${output});
INSERT INTO result
WITH large AS (SELECT id, a + 1 AS b FROM orders WHERE a > 1)
SELECT x.id, x.b FROM (SELECT id, b FROM large WHERE id <> 3) AS x;
