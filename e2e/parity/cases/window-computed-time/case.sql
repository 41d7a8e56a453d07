-- feature: Windows | event time computed from a text with TO_TIMESTAMP
-- verdict: same
-- rows: 2
CREATE TABLE events (day_text STRING, ts AS TO_TIMESTAMP(day_text, 'dd.MM.yyyy HH:mm:ss'), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), n BIGINT) WITH (${output});
INSERT INTO results SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
