-- feature: Aggregation without windows | GROUP BY an expression, WHERE before it
-- verdict: same
-- rows: 2
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, total BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT UPPER(k), COUNT(*) FROM orders WHERE n > 0 GROUP BY UPPER(k);
