-- feature: Watermarks | a watermark computed with CASE from another column
-- verdict: same
-- rows: 2
SET 'parallelism.default' = '1';
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS CASE WHEN n > 1 THEN ts - INTERVAL '5' SECOND ELSE ts - INTERVAL '1' HOUR END) WITH (${input:events}, 'scan.watermark.emit.strategy' = 'on-event');
CREATE TABLE results (a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
