-- feature: Window aggregates | COUNT, SUM, AVG, MIN, MAX of TINYINT to BIGINT, with NULLs, with nothing but NULLs
-- verdict: same
-- rows: 3
CREATE TABLE events (k STRING, t TINYINT, s SMALLINT, i INT, b BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:events});
CREATE TABLE results (
  k STRING, n BIGINT, nt BIGINT, st TINYINT, ss SMALLINT, si INT, sb BIGINT, avt TINYINT, a_s SMALLINT, ai INT, ab BIGINT,
  lt TINYINT, ls SMALLINT, li INT, lb BIGINT, ht TINYINT, hs SMALLINT, hi INT, hb BIGINT
) WITH (${output});
INSERT INTO results SELECT k, COUNT(*), COUNT(t), SUM(t), SUM(s), SUM(i), SUM(b), AVG(t), AVG(s), AVG(i), AVG(b),
  MIN(t), MIN(s), MIN(i), MIN(b), MAX(t), MAX(s), MAX(i), MAX(b)
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end;
