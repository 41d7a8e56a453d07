-- feature: Types | a JSON number with more digits than its DECIMAL column
-- verdict: same
-- rows: 3
CREATE TABLE numbers (id INT, a DECIMAL(6, 2)) WITH (${input:numbers});
CREATE TABLE results (id INT, a DECIMAL(6, 2)) WITH (${output});
INSERT INTO results SELECT * FROM numbers;
