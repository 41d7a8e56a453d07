-- feature: OVER | LAG and LEAD
-- verdict: refused: LAG OVER is not supported yet
-- rows: 2
CREATE TABLE orders (k STRING, id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:orders});
CREATE TABLE results (k STRING, id INT, before INT) WITH (${output});
INSERT INTO results SELECT k, id, LAG(id) OVER (PARTITION BY k ORDER BY ts) FROM orders;
