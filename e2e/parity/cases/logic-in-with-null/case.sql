-- feature: Comparison and logic | NULL inside the list of IN
-- verdict: same
-- rows: 3
CREATE TABLE numbers (id INT, i INT) WITH (${input:numbers});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, i IN (1, CAST(NULL AS INT)), i NOT IN (1, CAST(NULL AS INT)) FROM numbers;
