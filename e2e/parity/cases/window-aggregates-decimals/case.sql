-- feature: Window aggregates | SUM, AVG, MIN, MAX of DECIMALs
-- verdict: same
-- rows: 3
CREATE TABLE events (k STRING, m DECIMAL(10, 2), w DECIMAL(38, 18), ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (
  k STRING, sm DECIMAL(38, 2), sw DECIMAL(38, 18), am DECIMAL(38, 6), aw DECIMAL(38, 18), lm DECIMAL(10, 2), lw DECIMAL(38, 18), hm DECIMAL(10, 2), hw DECIMAL(38, 18)
) WITH (${output});
INSERT INTO results SELECT k, SUM(m), SUM(w), AVG(m), AVG(w), MIN(m), MIN(w), MAX(m), MAX(w)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
