-- feature: Text functions | REPLACE
-- verdict: refused: function REPLACE is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING) WITH (${output});
INSERT INTO results SELECT id, REPLACE(s, 'a', 'b') FROM texts;
