-- feature: Window aggregates | SUM(DISTINCT x) in hopping windows
-- verdict: different: Flink refuses it ("does not support retraction"); here it is computed
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, SUM(DISTINCT n)
FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '20' MINUTE)) GROUP BY window_start, window_end;
