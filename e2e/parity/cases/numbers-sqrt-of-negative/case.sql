-- feature: Numeric functions | SQRT and POWER without a real result
-- verdict: same
-- rows: 2
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE result (id INT, a DOUBLE, b DOUBLE, c DOUBLE) WITH (${output});
INSERT INTO result SELECT id, SQRT(d), POWER(d, 0.5E0), POWER(0E0, d) FROM numbers;
