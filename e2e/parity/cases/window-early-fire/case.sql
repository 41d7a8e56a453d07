-- feature: Windows | early results: 'table.exec.emit.early-fire.enabled'
-- verdict: refused: setting 'table.exec.emit.early-fire.enabled' is not supported yet
-- rows: 1
SET 'table.exec.emit.early-fire.enabled' = 'false';
CREATE TABLE events (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (k STRING, n BIGINT) WITH (${output});
INSERT INTO results SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
