-- feature: Aggregation without windows | into a table with another PRIMARY KEY
-- verdict: refused: a PRIMARY KEY that is not
-- rows: 3
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, total INT, PRIMARY KEY (total) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, SUM(n) FROM orders WHERE n IS NOT NULL GROUP BY k;
