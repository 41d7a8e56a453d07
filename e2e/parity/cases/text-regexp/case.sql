-- feature: Text functions | REGEXP_EXTRACT, REGEXP_REPLACE, REGEXP
-- verdict: refused: function REGEXP_EXTRACT
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, REGEXP_EXTRACT(s, '(\d+)', 1), REGEXP_REPLACE(s, '\d', 'x'), REGEXP(s, '^a') FROM texts;
