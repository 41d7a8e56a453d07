-- feature: Scripts | SET 'table.exec.mini-batch.enabled'
-- verdict: refused: setting 'table.exec.mini-batch.enabled' is not supported yet
-- rows: 1
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '100 ms';
SET 'table.exec.mini-batch.size' = '10';
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
