-- feature: Windows | SESSION, partitioned by key
-- verdict: same
-- rows: 3
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT k, window_start, window_end, SUM(n)
FROM TABLE(SESSION(TABLE events PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY k, window_start, window_end;
