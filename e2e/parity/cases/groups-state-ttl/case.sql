-- feature: Aggregation without windows | 'table.exec.state.ttl', which nothing here outlives
-- verdict: same
-- rows: 3
SET 'table.exec.state.ttl' = '1 h';
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, total INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, SUM(n) FROM orders GROUP BY k;
