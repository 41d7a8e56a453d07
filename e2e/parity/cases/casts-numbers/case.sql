-- feature: Casts | between numbers: integers wrap around, fractions are cut off, DOUBLEs stop at the limits
-- verdict: same
-- rows: 6
CREATE TABLE numbers (id INT, b BIGINT, d DOUBLE, m DECIMAL(20, 3)) WITH (${input:numbers});
CREATE TABLE results (
  id INT, a TINYINT, c SMALLINT, e INT, f INT, g BIGINT, h TINYINT, i INT, j BIGINT, k DECIMAL(10, 2), l DOUBLE, m FLOAT, n DECIMAL(20, 3)
) WITH (${output});
INSERT INTO results SELECT id, CAST(b AS TINYINT), CAST(b AS SMALLINT), CAST(b AS INT), CAST(d AS INT), CAST(d AS BIGINT), CAST(d AS TINYINT),
  CAST(m AS INT), CAST(m AS BIGINT), CAST(m AS DECIMAL(10, 2)), CAST(m AS DOUBLE), CAST(d AS FLOAT), CAST(b AS DECIMAL(20, 3))
FROM numbers;
