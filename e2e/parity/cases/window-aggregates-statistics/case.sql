-- feature: Window aggregates | STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP of DOUBLEs
-- verdict: same
-- rows: 3
CREATE TABLE events (n DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE, w TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT STDDEV_POP(n), STDDEV_SAMP(n), VAR_POP(n), VAR_SAMP(n), STDDEV_POP(DISTINCT n), window_start
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
