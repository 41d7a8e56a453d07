-- feature: Casts | integers, DECIMALs, dates and timestamps to STRING
-- verdict: same
-- rows: 4
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE things (id INT, b BIGINT, m DECIMAL(10, 3), d DATE, t0 TIMESTAMP(0), t3 TIMESTAMP(3), t6 TIMESTAMP(6)) WITH (${input:things});
CREATE TABLE results (id INT, b STRING, m STRING, d STRING, t0 STRING, t3 STRING, t6 STRING) WITH (${output});
INSERT INTO results SELECT id, CAST(b AS STRING), CAST(m AS STRING), CAST(d AS STRING), CAST(t0 AS STRING), CAST(t3 AS STRING), CAST(t6 AS STRING) FROM things;
