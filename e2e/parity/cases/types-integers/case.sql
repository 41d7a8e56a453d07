-- feature: Types | TINYINT, SMALLINT, INT and BIGINT to their limits, with NULLs
-- verdict: same
-- rows: 6
CREATE TABLE numbers (id INT, t TINYINT, s SMALLINT, i INT, b BIGINT) WITH (${input:numbers});
CREATE TABLE results (id INT, t TINYINT, s SMALLINT, i INT, b BIGINT) WITH (${output});
INSERT INTO results SELECT id, t, s, i, b FROM numbers;
