-- feature: Arithmetic | + - * / of DOUBLE and FLOAT, mixed, with integers, divided by zero
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, d DOUBLE, f FLOAT, i INT) WITH (${input:numbers});
CREATE TABLE results (id INT, a DOUBLE, b DOUBLE, c DOUBLE, e FLOAT, g DOUBLE, h DOUBLE, j DOUBLE) WITH (${output});
INSERT INTO results SELECT id, d + i, d * 0.1E0, d / 0E0, f * f, f + d, d - i, d + f FROM numbers;
