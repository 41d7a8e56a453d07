-- feature: Types | BOOLEAN
-- verdict: same
-- rows: 3
CREATE TABLE flags (id INT, b BOOLEAN) WITH (${input:flags});
CREATE TABLE results (id INT, b BOOLEAN, n BOOLEAN, x BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, b, NOT b, b = TRUE FROM flags;
