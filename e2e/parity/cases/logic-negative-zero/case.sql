-- feature: Comparison and logic | the DOUBLE -0.0 equals 0, INT or DOUBLE
-- verdict: same
-- rows: 2
CREATE TABLE pairs (id INT, d DOUBLE, e DOUBLE) WITH (${input:pairs});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, d = 0, d >= e, d < 0E0, d = e FROM pairs;
