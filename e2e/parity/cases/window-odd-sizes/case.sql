-- feature: Windows | sizes of half a second, 90 minutes and a week
-- verdict: same
-- rows: 8
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '99' DAY) WITH (${input:events});
CREATE TABLE half (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output:half});
CREATE TABLE ninety (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output:ninety});
CREATE TABLE week (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output:week});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO half SELECT window_start, window_end, SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '0.5' SECOND)) GROUP BY window_start, window_end;
INSERT INTO ninety SELECT window_start, window_end, SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '90' MINUTE)) GROUP BY window_start, window_end;
INSERT INTO week SELECT window_start, window_end, SUM(n) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '7' DAY)) GROUP BY window_start, window_end;
END;
