-- feature: Casts | texts (without spaces around them) and numbers to BOOLEAN, BOOLEAN to numbers
-- verdict: same
-- rows: 8
CREATE TABLE texts (id INT, s STRING, i INT) WITH (${input:texts});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN, c INT, d STRING) WITH (${output});
INSERT INTO results SELECT id, TRY_CAST(s AS BOOLEAN), CAST(i AS BOOLEAN), CAST(i > 0 AS INT), CAST(i > 0 AS STRING) FROM texts;
