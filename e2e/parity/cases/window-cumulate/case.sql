-- feature: Windows | CUMULATE
-- verdict: same
-- rows: 5
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, window_end, SUM(n)
FROM TABLE(CUMULATE(TABLE events, DESCRIPTOR(ts), INTERVAL '2' MINUTE, INTERVAL '10' MINUTE)) GROUP BY window_start, window_end;
