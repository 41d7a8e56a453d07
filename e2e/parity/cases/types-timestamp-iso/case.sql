-- feature: Types | timestamps as ISO-8601 ('json.timestamp-format.standard')
-- verdict: same
-- rows: 3
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE times (id INT, t TIMESTAMP(3), z TIMESTAMP_LTZ(3)) WITH (${input:times}, 'json.timestamp-format.standard' = 'ISO-8601');
CREATE TABLE results (id INT, t TIMESTAMP(3), z TIMESTAMP_LTZ(3)) WITH (${output}, 'json.timestamp-format.standard' = 'ISO-8601');
INSERT INTO results SELECT id, t, z FROM times;
