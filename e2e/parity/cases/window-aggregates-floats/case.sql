-- feature: Window aggregates | SUM, AVG, MIN, MAX of FLOAT and DOUBLE
-- verdict: same
-- rows: 3
CREATE TABLE events (k STRING, f FLOAT, d DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, sf FLOAT, sd DOUBLE, af FLOAT, ad DOUBLE, lf FLOAT, ld DOUBLE, hf FLOAT, hd DOUBLE) WITH (${output});
INSERT INTO results SELECT k, SUM(f), SUM(d), AVG(f), AVG(d), MIN(f), MIN(d), MAX(f), MAX(d)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
