-- feature: Window aggregates | SUM and AVG of integers that overflow wrap around
-- verdict: same
-- rows: 1
CREATE TABLE events (t TINYINT, i INT, b BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (st TINYINT, si INT, sb BIGINT, avt TINYINT, ai INT, ab BIGINT) WITH (${output});
INSERT INTO results SELECT SUM(t), SUM(i), SUM(b), AVG(t), AVG(i), AVG(b)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
