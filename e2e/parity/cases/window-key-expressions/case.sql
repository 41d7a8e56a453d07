-- feature: Windows | GROUP BY an expression; expressions over aggregates; HAVING
-- verdict: same
-- rows: 2
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, share DOUBLE, label STRING) WITH (${output});
INSERT INTO results SELECT UPPER(k), SUM(n) * 1E0 / COUNT(*), UPPER(k) || '-' || CAST(MAX(n) - MIN(n) AS STRING)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR))
GROUP BY UPPER(k), window_start, window_end
HAVING COUNT(*) > 1 AND SUM(n) IS NOT NULL;
