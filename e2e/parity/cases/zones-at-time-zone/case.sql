-- feature: Time zones | TIMESTAMP columns know no zone: the hour that Berlin skips is an hour like any other
-- verdict: same
-- rows: 4
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE times (id INT, t TIMESTAMP(3), z TIMESTAMP_LTZ(3)) WITH (${input:times});
CREATE TABLE results (id INT, t TIMESTAMP(3), later TIMESTAMP(3), h BIGINT, zh BIGINT, day_of_z TIMESTAMP_LTZ(3)) WITH (${output});
INSERT INTO results SELECT id, t, t + INTERVAL '1' HOUR, HOUR(t), HOUR(z), FLOOR(z TO DAY) FROM times;
