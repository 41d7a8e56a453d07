-- feature: Numeric functions | LN and LOG10 of zero and less
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE result (id INT, a DOUBLE) WITH (${output});
INSERT INTO result SELECT id, LN(d) FROM numbers;
