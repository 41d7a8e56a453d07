-- feature: Windows | many rows of one time, exactly on the borders of windows
-- verdict: same
-- rows: 4
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), n BIGINT, low INT, high INT) WITH (${output});
INSERT INTO results SELECT window_start, COUNT(*), MIN(n), MAX(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
