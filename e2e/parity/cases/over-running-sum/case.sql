-- feature: OVER | a running sum by event time
-- verdict: refused: SUM OVER is not supported yet
-- rows: 3
CREATE TABLE orders (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:orders});
CREATE TABLE results (k STRING, ts TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT k, ts, SUM(n) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) FROM orders;
