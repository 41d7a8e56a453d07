-- feature: Text functions | REPLACE
-- verdict: same
-- rows: 5
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING) WITH (${output});
INSERT INTO results SELECT id, REPLACE(s, 'a', 'b'), REPLACE(s, 'an', ''), REPLACE(s, 'x', CAST(NULL AS STRING)) FROM texts;
