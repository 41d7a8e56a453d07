-- feature: Windows | SELECT DISTINCT over a window
-- verdict: same
-- rows: 1
CREATE TABLE events (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, a TIMESTAMP(3), b TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT DISTINCT k, window_start, window_end FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR));
