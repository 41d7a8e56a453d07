-- feature: Windows | window deduplication: the last row of each window
-- verdict: same
-- rows: 2
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (n INT, a TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT n, window_start
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY ts DESC) AS place
  FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' MINUTE))
) WHERE place <= 1;
