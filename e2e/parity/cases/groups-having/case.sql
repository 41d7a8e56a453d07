-- feature: Aggregation without windows | GROUP BY with HAVING: rows that go away again
-- verdict: refused: a condition on results that change
-- rows: 1
CREATE TABLE orders (k STRING, n INT) WITH (${input:orders});
CREATE TABLE results (k STRING, total INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, SUM(n) FROM orders GROUP BY k HAVING SUM(n) > 1;
