-- feature: Windows | a query over the windows of a subquery
-- verdict: same
-- rows: 1
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, hour_of_day BIGINT, mean DOUBLE) WITH (${output});
INSERT INTO results SELECT k, HOUR(a), total * 1E0 / n
FROM (
  SELECT k, window_start AS a, SUM(n) AS total, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end
) WHERE n > 1;
