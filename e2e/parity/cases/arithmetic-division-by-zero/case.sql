-- feature: Arithmetic | an integer divided by zero
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE numbers (id INT, i INT) WITH (${input:numbers});
CREATE TABLE result (id INT, a INT) WITH (${output});
INSERT INTO result SELECT id, 1 / i FROM numbers;
