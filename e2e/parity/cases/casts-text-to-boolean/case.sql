-- feature: Casts | texts and numbers to BOOLEAN, BOOLEAN to numbers
-- verdict: same
-- rows: 8
CREATE TABLE texts (id INT, s STRING, i INT) WITH (${input:texts});
CREATE TABLE result (id INT, a BOOLEAN, b BOOLEAN, c INT, d STRING) WITH (${output});
INSERT INTO result SELECT id, TRY_CAST(s AS BOOLEAN), CAST(i AS BOOLEAN), CAST(i > 0 AS INT), CAST(i > 0 AS STRING) FROM texts;
