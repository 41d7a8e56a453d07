-- feature: Casts | CAST of a text that is no number
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, i INT) WITH (${output});
INSERT INTO results SELECT id, CAST(s AS INT) FROM texts;
