-- feature: Queries | EXCEPT
-- verdict: refused: EXCEPT is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE results (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id FROM orders EXCEPT SELECT id FROM refunds;
