-- feature: Queries | UNION
-- verdict: refused: UNION is not supported yet
-- rows: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE results (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id FROM orders UNION SELECT id FROM refunds;
