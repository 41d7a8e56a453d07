-- feature: Time zones | session zone America/New_York: daily windows over a TIMESTAMP_LTZ, 23 and 25 hours long
-- verdict: refused: session time zone 'America/New_York' (only UTC is) is not supported yet
-- rows: 3
SET 'table.local-time-zone' = 'America/New_York';
CREATE TABLE times (id INT, z TIMESTAMP_LTZ(3), WATERMARK FOR z AS z) WITH (${input:times});
CREATE TABLE results (a TIMESTAMP(3), b TIMESTAMP(3), n BIGINT) WITH (${output});
INSERT INTO results SELECT window_start, window_end, COUNT(*)
FROM TABLE(TUMBLE(TABLE times, DESCRIPTOR(z), INTERVAL '1' DAY)) GROUP BY window_start, window_end;
