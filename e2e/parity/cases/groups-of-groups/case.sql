-- feature: Aggregation without windows | an aggregation of results that change
-- verdict: refused: an aggregation of results that change
-- rows: 3
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (total INT, ks BIGINT, PRIMARY KEY (total) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT total, COUNT(*) FROM (SELECT k, COUNT(*) AS c, MAX(l) AS total FROM orders GROUP BY k) GROUP BY total;
