-- feature: Casts | between texts, dates and timestamps
-- verdict: same
-- rows: 4
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE times (id INT, s STRING, t TIMESTAMP(3), d DATE, z TIMESTAMP_LTZ(3)) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3), b DATE, c DATE, e TIMESTAMP(3), f TIMESTAMP(0), g TIMESTAMP(3), h TIMESTAMP_LTZ(3), i DATE) WITH (${output});
INSERT INTO results SELECT id, CAST(s AS TIMESTAMP(3)), CAST(s AS DATE), CAST(t AS DATE), CAST(d AS TIMESTAMP(3)), CAST(t AS TIMESTAMP(0)), CAST(z AS TIMESTAMP(3)),
  CAST(t AS TIMESTAMP_LTZ(3)), CAST(z AS DATE)
FROM times;
