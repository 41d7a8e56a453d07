-- feature: Windows | TUMBLE and HOP before 1970
-- verdict: same
-- rows: 11
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' DAY) WITH (${input:events});
CREATE TABLE tumbling (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output:tumbling});
CREATE TABLE hopping (a TIMESTAMP(3), b TIMESTAMP(3), total INT) WITH (${output:hopping});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO tumbling SELECT window_start, window_end, SUM(n)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
INSERT INTO hopping SELECT window_start, window_end, SUM(n)
FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '14' SECOND)) GROUP BY window_start, window_end;
END;
