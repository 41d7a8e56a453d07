-- feature: Window aggregates | LISTAGG, ARRAY_AGG, COLLECT
-- verdict: refused: function LISTAGG is not supported yet
-- rows: 1
CREATE TABLE events (s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a STRING, b ARRAY<STRING>) WITH (${output});
INSERT INTO results SELECT LISTAGG(s, ';'), ARRAY_AGG(s)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
