-- feature: Types | BOOLEAN
-- verdict: same
-- rows: 3
CREATE TABLE flags (id INT, b BOOLEAN) WITH (${input:flags});
CREATE TABLE result (id INT, b BOOLEAN, n BOOLEAN, x BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, b, NOT b, b = TRUE FROM flags;
