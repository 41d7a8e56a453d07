-- feature: Text functions | LPAD, RPAD, REPEAT, REVERSE
-- verdict: refused: function LPAD
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING) WITH (${output});
INSERT INTO results SELECT id, LPAD(s, 5, '0'), RPAD(s, 5, '0'), REPEAT(s, 2), REVERSE(s) FROM texts;
