-- feature: Watermarks | eight partitions, two tasks, some partitions empty
-- verdict: same
-- rows: 6
-- partitions: 8
SET 'parallelism.default' = '2';
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH (${input:events}, 'scan.watermark.idle-timeout' = '1 s');
CREATE TABLE results (k STRING, a TIMESTAMP(3), n BIGINT, total INT) WITH (${output});
INSERT INTO results SELECT k, window_start, COUNT(*), SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end;
