-- feature: Windows | windows over an empty topic, and over one whose rows are all filtered out
-- verdict: same
-- rows: 0
CREATE TABLE events (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE nothing (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:nothing});
CREATE VIEW filtered AS SELECT * FROM events WHERE n > 100;
CREATE TABLE firsts (a TIMESTAMP(3), n BIGINT) WITH (${output:firsts});
CREATE TABLE seconds (a TIMESTAMP(3), n BIGINT) WITH (${output:seconds});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO firsts SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE nothing, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
INSERT INTO seconds SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE filtered, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
END;
