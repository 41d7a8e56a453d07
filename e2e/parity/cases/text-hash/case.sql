-- feature: Text functions | MD5, SHA256, TO_BASE64, FROM_BASE64
-- verdict: refused: function MD5 is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING) WITH (${output});
INSERT INTO results SELECT id, MD5(s), SHA256(s), TO_BASE64(s), FROM_BASE64('eA==') FROM texts;
