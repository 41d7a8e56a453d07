-- feature: Types | DECIMAL columns up to 38 digits, written as JSON numbers and as texts
-- verdict: same
-- rows: 6
CREATE TABLE numbers (id INT, a DECIMAL(10, 2), b DECIMAL(38, 18), c DECIMAL(38, 0), d DECIMAL(5, 5)) WITH (${input:numbers});
CREATE TABLE results (id INT, a DECIMAL(10, 2), b DECIMAL(38, 18), c DECIMAL(38, 0), d DECIMAL(5, 5)) WITH (${output});
INSERT INTO results SELECT * FROM numbers;
