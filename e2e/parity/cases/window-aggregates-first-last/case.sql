-- feature: Window aggregates | FIRST_VALUE, LAST_VALUE
-- verdict: refused: function FIRST_VALUE is not supported yet
-- rows: 1
CREATE TABLE events (n DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a DOUBLE, b DOUBLE) WITH (${output});
INSERT INTO results SELECT FIRST_VALUE(n), LAST_VALUE(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
