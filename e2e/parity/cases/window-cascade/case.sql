-- feature: Windows | windows over windows, by window_time
-- verdict: same
-- rows: 2
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE VIEW minutes AS SELECT window_time AS rowtime, SUM(n) AS total
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time;
CREATE TABLE results (a TIMESTAMP(3), highest INT) WITH (${output});
INSERT INTO results SELECT window_start, MAX(total)
FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rowtime), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
