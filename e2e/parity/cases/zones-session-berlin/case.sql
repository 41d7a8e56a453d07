-- feature: Time zones | session zone Europe/Berlin: the clock that skips and repeats an hour
-- verdict: refused: session time zone 'Europe/Berlin' (only UTC is) is not supported yet
-- rows: 6
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE times (id INT, z TIMESTAMP_LTZ(3), t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, clock TIMESTAMP(3), text STRING, z TIMESTAMP_LTZ(3)) WITH (${output});
INSERT INTO results SELECT id, CAST(z AS TIMESTAMP(3)), CAST(z AS STRING), CAST(t AS TIMESTAMP_LTZ(3)) FROM times;
