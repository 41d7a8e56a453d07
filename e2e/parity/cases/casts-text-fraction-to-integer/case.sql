-- feature: Casts | a text with a fraction to an integer: CAST('12.5' AS INT)
-- verdict: same
-- rows: 2
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, i INT) WITH (${output});
INSERT INTO results SELECT id, CAST(s AS INT) FROM texts;
