-- feature: Queries | UNION
-- verdict: refused: UNION is not supported yet
-- rows: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE refunds (id INT) WITH (${input:refunds});
CREATE TABLE result (id INT) WITH (${output});
INSERT INTO result SELECT id FROM orders UNION SELECT id FROM refunds;
