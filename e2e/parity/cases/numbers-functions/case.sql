-- feature: Numeric functions | ABS, CEIL, FLOOR, SQRT, POWER, EXP, LN, LOG10, MOD
-- verdict: same
-- rows: 6
CREATE TABLE numbers (id INT, i INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (
  id INT, a INT, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE, f DOUBLE, g DOUBLE, h DOUBLE, i DOUBLE, j INT, k INT
) WITH (${output});
INSERT INTO results SELECT id, ABS(i), ABS(d), CEIL(d), FLOOR(d), SQRT(ABS(d)), POWER(d, 2), EXP(0E0 * d), LN(ABS(d)), LOG10(ABS(d)), MOD(i, 3), CEIL(i)
FROM numbers;
