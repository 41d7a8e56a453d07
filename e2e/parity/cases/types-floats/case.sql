-- feature: Types | FLOAT and DOUBLE, very large, very small, negative zero
-- verdict: same
-- rows: 8
CREATE TABLE numbers (id INT, f FLOAT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (id INT, f FLOAT, d DOUBLE) WITH (${output});
INSERT INTO results SELECT id, f, d FROM numbers;
