-- feature: Numeric functions | SIN, PI, SIGN, TRUNCATE, LOG, GREATEST, HEX
-- verdict: refused: function SIN
-- rows: 1
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (id INT, a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE, f DOUBLE, g STRING) WITH (${output});
INSERT INTO results SELECT id, SIN(d), PI(), SIGN(d), TRUNCATE(d, 1), LOG(2, 8), GREATEST(d, 1E0), HEX(id) FROM numbers;
