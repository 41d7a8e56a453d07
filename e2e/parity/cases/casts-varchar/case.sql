-- feature: Casts | to CHAR(n) and VARCHAR(n)
-- verdict: refused: (CAST to STRING is)
-- rows: 2
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, v STRING, c STRING) WITH (${output});
INSERT INTO results SELECT id, CAST(s AS VARCHAR(3)), CAST(s AS CHAR(5)) FROM texts;
