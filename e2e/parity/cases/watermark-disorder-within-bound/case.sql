-- feature: Watermarks | rows out of order within the bound of the watermark are counted
-- verdict: same
-- rows: 3
SET 'parallelism.default' = '1';
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH (${input:events}, 'scan.watermark.emit.strategy' = 'on-event');
CREATE TABLE results (a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
