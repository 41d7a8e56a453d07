-- feature: Comparison and logic | NaN compared with itself and with numbers
-- verdict: same
-- rows: 2
CREATE TABLE pairs (id INT, d DOUBLE, e DOUBLE) WITH (${input:pairs});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, d = e, d <> e, d < e, d <= e, d > e, d >= e FROM pairs;
