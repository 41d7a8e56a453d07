-- feature: Types | ARRAY and MAP columns, passed through
-- verdict: same
-- rows: 4
CREATE TABLE orders (id INT, tags ARRAY<STRING>, counts MAP<STRING, INT>, lines ARRAY<ROW<sku STRING, n BIGINT>>) WITH (${input:orders});
CREATE TABLE results (id INT, tags ARRAY<STRING>, counts MAP<STRING, INT>, lines ARRAY<ROW<sku STRING, n BIGINT>>) WITH (${output});
INSERT INTO results SELECT id, tags, counts, lines FROM orders;
