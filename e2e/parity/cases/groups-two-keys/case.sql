-- feature: Aggregation without windows | two keys, in another order than the table's columns
-- verdict: same
-- rows: 4
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (total INT, l INT, k STRING, PRIMARY KEY (k, l) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT SUM(n) + 1, l, k FROM orders GROUP BY k, l;
