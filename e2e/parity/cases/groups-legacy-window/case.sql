-- feature: Aggregation without windows | the legacy GROUP BY TUMBLE(ts, …)
-- verdict: refused: the legacy group window TUMBLE
-- rows: 2
CREATE TABLE orders (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:orders});
CREATE TABLE results (k STRING, t TIMESTAMP(3), n BIGINT) WITH (${output});
INSERT INTO results SELECT k, TUMBLE_START(ts, INTERVAL '1' MINUTE), COUNT(*) FROM orders GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE);
