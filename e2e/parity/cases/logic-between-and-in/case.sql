-- feature: Comparison and logic | BETWEEN, IN and NOT IN, with NULLs in the list
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, i INT, s STRING) WITH (${input:numbers});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, i BETWEEN 1 AND 3, i NOT BETWEEN 1 AND 3, i IN (1, 3), i NOT IN (1, 3), s IN ('a', 'b'), i BETWEEN 3 AND 1 FROM numbers;
