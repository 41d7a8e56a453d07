-- feature: Aggregation without windows | every aggregate, with FILTER and DISTINCT
-- verdict: same
-- rows: 3
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, c BIGINT, cn BIGINT, s INT, a DOUBLE, lo INT, hi INT, u BIGINT, f BIGINT, sd DOUBLE, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results
SELECT k, COUNT(*), COUNT(n), SUM(n), AVG(d), MIN(n), MAX(n), COUNT(DISTINCT n), COUNT(*) FILTER (WHERE n > 1), STDDEV_POP(d)
FROM orders GROUP BY k;
