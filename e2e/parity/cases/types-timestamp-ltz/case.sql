-- feature: Types | TIMESTAMP_LTZ with 0, 3, 6 and 9 digits, in UTC
-- verdict: same
-- rows: 4
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE times (id INT, t0 TIMESTAMP_LTZ(0), t3 TIMESTAMP_LTZ(3), t6 TIMESTAMP_LTZ(6), t9 TIMESTAMP(9) WITH LOCAL TIME ZONE) WITH (${input:times});
CREATE TABLE results (id INT, t0 TIMESTAMP_LTZ(0), t3 TIMESTAMP_LTZ(3), t6 TIMESTAMP_LTZ(6), t9 TIMESTAMP_LTZ(9), text STRING) WITH (${output});
INSERT INTO results SELECT id, t0, t3, t6, t9, CAST(t3 AS STRING) FROM times;
