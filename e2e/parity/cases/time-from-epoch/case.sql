-- feature: Time functions | TO_TIMESTAMP_LTZ of seconds and milliseconds
-- verdict: same
-- rows: 5
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE numbers (id INT, s BIGINT) WITH (${input:numbers});
CREATE TABLE results (id INT, a TIMESTAMP_LTZ(3), b TIMESTAMP_LTZ(3)) WITH (${output});
INSERT INTO results SELECT id, TO_TIMESTAMP_LTZ(s, 0), TO_TIMESTAMP_LTZ(s, 3) FROM numbers;
