-- feature: Casts | a DOUBLE to STRING
-- verdict: refused: CAST from DOUBLE to STRING is not supported yet
-- rows: 3
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, CAST(d AS STRING) FROM numbers;
