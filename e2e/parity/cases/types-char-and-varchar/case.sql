-- feature: Types | CHAR(n) and VARCHAR(n) columns keep longer texts, as Flink's sinks do by default
-- verdict: same
-- rows: 3
CREATE TABLE texts (id INT, c CHAR(3), v VARCHAR(3)) WITH (${input:texts});
CREATE TABLE results (id INT, c CHAR(3), v VARCHAR(3)) WITH (${output});
INSERT INTO results SELECT id, c, v FROM texts;
