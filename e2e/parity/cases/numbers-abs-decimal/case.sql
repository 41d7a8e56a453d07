-- feature: Numeric functions | ABS of DECIMAL, BIGINT, FLOAT, TINYINT
-- verdict: same
-- rows: 3
CREATE TABLE numbers (id INT, m DECIMAL(10, 3), b BIGINT, f FLOAT, t TINYINT) WITH (${input:numbers});
CREATE TABLE results (id INT, m DECIMAL(10, 3), b BIGINT, f FLOAT, t TINYINT) WITH (${output});
INSERT INTO results SELECT id, ABS(m), ABS(b), ABS(f), ABS(t) FROM numbers;
