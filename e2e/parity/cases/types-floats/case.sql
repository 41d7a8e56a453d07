-- feature: Types | FLOAT and DOUBLE, very large, very small, negative zero
-- verdict: same
-- rows: 8
CREATE TABLE numbers (id INT, f FLOAT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE result (id INT, f FLOAT, d DOUBLE) WITH (${output});
INSERT INTO result SELECT id, f, d FROM numbers;
