-- feature: Window aggregates | COUNT(DISTINCT x) in hopping windows
-- verdict: same
-- rows: 3
CREATE TABLE events (u STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (a TIMESTAMP(3), n BIGINT, u BIGINT) WITH (${output});
INSERT INTO results SELECT window_start, COUNT(*), COUNT(DISTINCT u)
FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '20' MINUTE)) GROUP BY window_start, window_end;
