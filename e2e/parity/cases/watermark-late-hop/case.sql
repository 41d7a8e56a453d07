-- feature: Watermarks | a late row still counts in the hopping windows that are open (watermarks 'on-event')
-- verdict: same
-- rows: 6
SET 'parallelism.default' = '1';
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events}, 'scan.watermark.emit.strategy' = 'on-event');
CREATE TABLE results (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, window_end, SUM(n)
FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND)) GROUP BY window_start, window_end;
