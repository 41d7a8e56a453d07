-- feature: Casts | CAST of a text that is no number
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE result (id INT, i INT) WITH (${output});
INSERT INTO result SELECT id, CAST(s AS INT) FROM texts;
