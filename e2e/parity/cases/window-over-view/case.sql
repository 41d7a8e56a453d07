-- feature: Windows | windows over a view that filters and computes
-- verdict: same
-- rows: 2
CREATE TABLE events (k STRING, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE VIEW big AS SELECT UPPER(k) AS k, n * 2 AS n, ts AS rowtime FROM events WHERE n > 1;
CREATE TABLE results (k STRING, a TIMESTAMP(3), total INT) WITH (${output});
INSERT INTO results SELECT k, window_start, SUM(n) FROM TABLE(TUMBLE(TABLE big, DESCRIPTOR(rowtime), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
