-- feature: Windows | windows over an empty topic, and over one whose rows are all filtered out
-- verdict: same
-- rows: 0
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE nothing (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:nothing});
CREATE VIEW filtered AS SELECT * FROM events WHERE n > 100;
CREATE TABLE one (a TIMESTAMP(3), n BIGINT) WITH (${output:one});
CREATE TABLE two (a TIMESTAMP(3), n BIGINT) WITH (${output:two});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO one SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE nothing, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
INSERT INTO two SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE filtered, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
END;
