-- feature: Windows | windows over UNION ALL of two tables
-- verdict: same
-- rows: 4
SET 'parallelism.default' = '1';
CREATE TABLE orders (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH (${input:orders}, 'scan.watermark.emit.strategy' = 'on-event');
CREATE TABLE refunds (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH (${input:refunds}, 'scan.watermark.emit.strategy' = 'on-event');
CREATE TABLE results (k STRING, total INT, w TIMESTAMP(3)) WITH (${output});
CREATE VIEW changes AS SELECT k, n, ts FROM orders WHERE n < 100 UNION ALL SELECT k, -n, ts FROM refunds;
INSERT INTO results SELECT k, SUM(n), window_end
FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
