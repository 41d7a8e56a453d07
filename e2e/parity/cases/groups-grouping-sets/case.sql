-- feature: Aggregation without windows | GROUPING SETS
-- verdict: refused: GROUPING SETS, CUBE or ROLLUP without a window
-- rows: 6
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, l STRING, total INT, PRIMARY KEY (k, l) NOT ENFORCED) WITH (${upsert});
INSERT INTO results
SELECT COALESCE(k, '-'), COALESCE(CAST(l AS STRING), '-'), SUM(n) FROM orders GROUP BY GROUPING SETS ((k), (l));
