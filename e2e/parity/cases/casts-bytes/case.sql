-- feature: Casts | texts to BYTES and back
-- verdict: refused: CAST to BYTES
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, b BYTES, t STRING) WITH (${output});
INSERT INTO results SELECT id, CAST(s AS BYTES), CAST(CAST(s AS BYTES) AS STRING) FROM texts;
