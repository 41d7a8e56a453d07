-- feature: Windows | HOP with named arguments and an offset
-- verdict: same
-- rows: 4
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT window_start, window_end, SUM(n)
FROM TABLE(HOP(DATA => TABLE events, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' SECOND, SIZE => INTERVAL '10' SECOND, `OFFSET` => INTERVAL '2' SECOND))
GROUP BY window_start, window_end;
