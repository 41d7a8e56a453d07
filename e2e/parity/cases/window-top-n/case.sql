-- feature: Windows | window Top-N
-- verdict: same
-- rows: 2
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, total INT, a TIMESTAMP(3), place BIGINT) WITH (${output});
INSERT INTO results SELECT k, total, window_start, place
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY total DESC) AS place
  FROM (
    SELECT k, window_start, window_end, SUM(n) AS total
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY k, window_start, window_end
  )
) WHERE place <= 2;
