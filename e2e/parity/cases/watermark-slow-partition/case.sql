-- feature: Watermarks | a partition far behind the others holds time back: nothing is late
-- verdict: same
-- rows: 4
-- partitions: 2
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
