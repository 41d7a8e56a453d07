-- feature: Types | NaN and the infinities, as JSON texts; NaN is not larger than anything
-- verdict: same
-- rows: 3
CREATE TABLE numbers (id INT, d DOUBLE) WITH (${input:numbers});
CREATE TABLE results (id INT, d DOUBLE, larger BOOLEAN, total DOUBLE) WITH (${output});
INSERT INTO results SELECT id, d, d > 1E0, d + 1E0 FROM numbers;
