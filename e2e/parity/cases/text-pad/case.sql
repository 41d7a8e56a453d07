-- feature: Text functions | LPAD, RPAD, REPEAT, REVERSE
-- verdict: same
-- rows: 5
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING, e STRING, f STRING, g STRING, h STRING) WITH (${output});
INSERT INTO results SELECT id, LPAD(s, 5, '0'), RPAD(s, 5, 'ab'), REPEAT(s, 2), REVERSE(s),
  LPAD(s, 0, 'x'), LPAD(s, -1, 'x'), RPAD(s, 5, ''), REPEAT(s, -1) FROM texts;
