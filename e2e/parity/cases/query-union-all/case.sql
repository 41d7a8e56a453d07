-- feature: Queries | UNION ALL
-- verdict: same
-- rows: 3
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders UNION ALL SELECT -id FROM refunds;
