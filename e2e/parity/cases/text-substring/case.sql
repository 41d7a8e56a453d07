-- feature: Text functions | SUBSTRING from zero, from the end, beyond the end, with no or a large length
-- verdict: same
-- rows: 4
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING, e STRING, f STRING, g STRING, h STRING) WITH (${output});
INSERT INTO results SELECT id,
  SUBSTRING(s FROM 2), SUBSTRING(s FROM 2 FOR 2), SUBSTRING(s, 0, 2), SUBSTR(s, -2), SUBSTRING(s, -2, 1), SUBSTRING(s, 100),
  SUBSTRING(s, 1, 0), SUBSTRING(s, 3, 2147483647)
FROM texts;
