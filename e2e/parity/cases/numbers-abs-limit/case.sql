-- feature: Numeric functions | ABS of the smallest INT and BIGINT
-- verdict: same
-- rows: 1
CREATE TABLE numbers (id INT, i INT, b BIGINT) WITH (${input:numbers});
CREATE TABLE results (id INT, i INT, b BIGINT) WITH (${output});
INSERT INTO results SELECT id, ABS(i), ABS(b) FROM numbers;
