-- feature: Types | ARRAY and MAP columns, passed through
-- verdict: same
-- rows: 4
CREATE TABLE orders (id INT, tags ARRAY<STRING>, counts MAP<STRING, INT>, lines ARRAY<ROW<sku STRING, n BIGINT>>) WITH (${input:orders});
CREATE TABLE result (id INT, tags ARRAY<STRING>, counts MAP<STRING, INT>, lines ARRAY<ROW<sku STRING, n BIGINT>>) WITH (${output});
INSERT INTO result SELECT id, tags, counts, lines FROM orders;
