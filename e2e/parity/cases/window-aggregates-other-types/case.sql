-- feature: Window aggregates | MIN, MAX and COUNT of texts, dates, timestamps, booleans
-- verdict: same
-- rows: 1
CREATE TABLE events (s STRING, d DATE, t TIMESTAMP(3), b BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (ls STRING, hs STRING, ns BIGINT, ld DATE, hd DATE, lt TIMESTAMP(3), ht TIMESTAMP(3), lb BOOLEAN, hb BOOLEAN) WITH (${output});
INSERT INTO results SELECT MIN(s), MAX(s), COUNT(s), MIN(d), MAX(d), MIN(t), MAX(t), MIN(b), MAX(b)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
