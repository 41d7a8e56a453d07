-- feature: Numeric functions | ROUND of DOUBLE, INT and DECIMAL
-- verdict: same
-- rows: 6
CREATE TABLE numbers (id INT, d DOUBLE, i INT, m DECIMAL(10, 3)) WITH (${input:numbers});
CREATE TABLE results (id INT, a DOUBLE, b DOUBLE, c INT, d DECIMAL(10, 3), e DECIMAL(10, 1), f DECIMAL(10, 0), g DOUBLE) WITH (${output});
INSERT INTO results SELECT id, ROUND(d), ROUND(d, 2), ROUND(i, 0), ROUND(m, 3), ROUND(m, 1), ROUND(m), ROUND(d, -1) FROM numbers;
