-- feature: Queries | WHERE EXISTS (SELECT …)
-- verdict: refused: a subquery in an expression is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE results (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id FROM orders AS o WHERE EXISTS (SELECT 1 FROM refunds AS r WHERE r.id = o.id);
