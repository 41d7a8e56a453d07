-- feature: Numeric functions | LN and LOG10 of zero and less
-- verdict: same
-- rows: 2
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (id INT, a DOUBLE, b DOUBLE) WITH (${output});
INSERT INTO results SELECT id, LN(d), LOG10(d) FROM numbers;
