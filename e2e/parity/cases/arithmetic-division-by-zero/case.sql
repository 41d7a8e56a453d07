-- feature: Arithmetic | an integer divided by zero
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE numbers (id INT, i INT) WITH (${input:numbers});
CREATE TABLE results (id INT, a INT) WITH (${output});
INSERT INTO results SELECT id, 1 / i FROM numbers;
