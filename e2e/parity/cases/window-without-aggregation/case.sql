-- feature: Windows | the columns of TUMBLE and HOP without GROUP BY: each row in each of its windows
-- verdict: same
-- rows: 9
CREATE TABLE events (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:events});
CREATE TABLE tumbling (id INT, ts TIMESTAMP(3), a TIMESTAMP(3), b TIMESTAMP(3), t TIMESTAMP(3)) WITH (${output:tumbling});
CREATE TABLE hopping (id INT, ts TIMESTAMP(3), a TIMESTAMP(3), b TIMESTAMP(3), t TIMESTAMP(3)) WITH (${output:hopping});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO tumbling SELECT id, CAST(ts AS TIMESTAMP(3)), window_start, window_end, window_time FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND));
INSERT INTO hopping SELECT id, CAST(ts AS TIMESTAMP(3)), window_start, window_end, window_time FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND));
END;
