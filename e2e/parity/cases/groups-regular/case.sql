-- feature: Aggregation without windows | GROUP BY a key: a changelog
-- verdict: same
-- rows: 2
CREATE TABLE orders (k STRING, n INT) WITH (${input:orders});
CREATE TABLE results (k STRING, n BIGINT, total INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, COUNT(*), SUM(n) FROM orders GROUP BY k;
