-- feature: Windows | event time of type TIMESTAMP_LTZ, computed from milliseconds, in UTC
-- verdict: same
-- rows: 3
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE events (ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), b TIMESTAMP(3), t TIMESTAMP_LTZ(3), n BIGINT) WITH (${output});
INSERT INTO results SELECT window_start, window_end, window_time, COUNT(*)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end, window_time;
