-- feature: Windows | TUMBLE with an offset, also a negative one
-- verdict: same
-- rows: 8
CREATE TABLE events (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' DAY) WITH (${input:events});
CREATE TABLE ahead (a TIMESTAMP(3), b TIMESTAMP(3), n BIGINT) WITH (${output:ahead});
CREATE TABLE behind (a TIMESTAMP(3), b TIMESTAMP(3), n BIGINT) WITH (${output:behind});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO ahead SELECT window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '16' HOUR)) GROUP BY window_start, window_end;
INSERT INTO behind SELECT window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '-8' HOUR)) GROUP BY window_start, window_end;
END;
