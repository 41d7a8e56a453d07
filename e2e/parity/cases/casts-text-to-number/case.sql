-- feature: Casts | texts to numbers, with spaces, signs and exponents
-- verdict: same
-- rows: 5
CREATE TABLE texts (id INT, i STRING, d STRING, m STRING) WITH (${input:texts});
CREATE TABLE results (id INT, i INT, b BIGINT, d DOUBLE, m DECIMAL(10, 2)) WITH (${output});
INSERT INTO results SELECT id, CAST(i AS INT), CAST(i AS BIGINT), CAST(d AS DOUBLE), CAST(m AS DECIMAL(10, 2)) FROM texts;
