-- feature: Text functions | REPLACE
-- verdict: refused: function REPLACE is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE result (id INT, a STRING) WITH (${output});
INSERT INTO result SELECT id, REPLACE(s, 'a', 'b') FROM texts;
