-- feature: Aggregation without windows | GROUP BY over a UNION ALL
-- verdict: same
-- rows: 3
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, total INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results
SELECT k, SUM(n) FROM (SELECT k, n FROM orders WHERE l = 1 UNION ALL SELECT k, n * 10 FROM orders WHERE l > 1) GROUP BY k;
