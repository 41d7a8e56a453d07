-- feature: Casts | a DECIMAL that does not fit the integer or the narrower DECIMAL it is cast to
-- verdict: same
-- rows: 2
CREATE TABLE numbers (id INT, m DECIMAL(20, 3)) WITH (${input:numbers});
CREATE TABLE results (id INT, i INT, t TINYINT, d DECIMAL(5, 2)) WITH (${output});
INSERT INTO results SELECT id, CAST(m AS INT), CAST(m AS TINYINT), CAST(m AS DECIMAL(5, 2)) FROM numbers;
