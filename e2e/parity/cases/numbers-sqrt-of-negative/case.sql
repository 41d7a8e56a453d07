-- feature: Numeric functions | SQRT and POWER without a real results
-- verdict: same
-- rows: 2
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (id INT, a DOUBLE, b DOUBLE, c DOUBLE) WITH (${output});
INSERT INTO results SELECT id, SQRT(d), POWER(d, 0.5E0), POWER(0E0, d) FROM numbers;
