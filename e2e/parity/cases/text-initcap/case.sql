-- feature: Text functions | INITCAP, OVERLAY, INSTR, LEFT, RIGHT, ASCII
-- verdict: refused: function INITCAP
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c INT, d STRING, e STRING, f INT) WITH (${output});
INSERT INTO results SELECT id, INITCAP(s), OVERLAY(s PLACING 'xx' FROM 2), INSTR(s, 'b'), `LEFT`(s, 1), `RIGHT`(s, 1), ASCII(s) FROM texts;
