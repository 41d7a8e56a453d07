-- feature: Text functions | REGEXP_EXTRACT, REGEXP_REPLACE, REGEXP
-- verdict: same
-- rows: 7
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c BOOLEAN, d STRING, e STRING, f BOOLEAN, g STRING) WITH (${output});
INSERT INTO results SELECT id, REGEXP_EXTRACT(s, '(\d+)', 1), REGEXP_REPLACE(s, '\d', '$1x'), REGEXP(s, '^a'), REGEXP_EXTRACT(s, '[a-z]+'), 
  REGEXP_EXTRACT(s, '(x)?(a)', 1), REGEXP(s, ''), REGEXP_REPLACE(s, '\s*', '-') FROM texts;
