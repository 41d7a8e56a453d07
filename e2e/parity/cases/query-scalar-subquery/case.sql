-- feature: Queries | a subquery as a value
-- verdict: refused: a subquery in an expression is not supported yet
-- rows: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE results (id INT, largest INT, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id, (SELECT MAX(id) FROM refunds) FROM orders;
