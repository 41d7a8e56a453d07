-- feature: Queries | WHERE … IN (SELECT …)
-- verdict: refused: a subquery in an expression is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE results (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id FROM orders WHERE id IN (SELECT id FROM refunds);
