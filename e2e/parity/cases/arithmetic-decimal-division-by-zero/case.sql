-- feature: Arithmetic | a DECIMAL divided by zero
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE numbers (id INT, d DECIMAL(10, 2)) WITH (${input:numbers});
CREATE TABLE results (id INT, a DECIMAL(38, 10)) WITH (${output});
INSERT INTO results SELECT id, 1.5 / d FROM numbers;
