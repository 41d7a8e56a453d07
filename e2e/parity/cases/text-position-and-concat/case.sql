-- feature: Text functions | POSITION, CONCAT and ||, with NULLs
-- verdict: same
-- rows: 5
CREATE TABLE texts (id INT, a STRING, b STRING) WITH (${input:texts});
CREATE TABLE results (id INT, p INT, c STRING, d STRING, e STRING) WITH (${output});
INSERT INTO results SELECT id, POSITION(b IN a), CONCAT(a, '-', b), a || b, CONCAT(a) FROM texts;
