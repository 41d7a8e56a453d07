-- feature: Watermarks | late rows of windows without GROUP BY
-- verdict: same
-- rows: 3
SET 'parallelism.default' = '1';
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events}, 'scan.watermark.emit.strategy' = 'on-event');
CREATE TABLE results (n INT, a TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT n, window_start FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND));
