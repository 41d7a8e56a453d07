-- feature: Text functions | TRIM, LTRIM, RTRIM, also of other characters
-- verdict: same
-- rows: 5
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING, e STRING, f STRING) WITH (${output});
INSERT INTO results SELECT id, TRIM(s), LTRIM(s), RTRIM(s), TRIM(BOTH 'x' FROM s), TRIM(LEADING 'x' FROM s), TRIM(TRAILING 'x' FROM s) FROM texts;
