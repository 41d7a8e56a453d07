-- feature: Queries | ORDER BY the event time
-- verdict: refused: ORDER BY is not supported yet
-- rows: 3
CREATE TABLE orders (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:orders});
CREATE TABLE results (id INT, ts TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, ts FROM orders ORDER BY ts;
