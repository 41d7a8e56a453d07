-- feature: Text functions | CONCAT_WS
-- verdict: same
-- rows: 3
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING) WITH (${output});
INSERT INTO results SELECT id, CONCAT_WS('-', s, 'x', CAST(NULL AS STRING)), CONCAT_WS(s, 'a', 'b') FROM texts;
