-- feature: Window aggregates | STDDEV_POP, VAR_SAMP, FIRST_VALUE, LAST_VALUE
-- verdict: refused: function STDDEV_POP is not supported yet
-- rows: 1
CREATE TABLE events (n DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE) WITH (${output});
INSERT INTO results SELECT STDDEV_POP(n), VAR_SAMP(n), FIRST_VALUE(n), LAST_VALUE(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
