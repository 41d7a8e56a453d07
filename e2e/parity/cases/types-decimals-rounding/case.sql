-- feature: Types | a JSON number with more digits than its DECIMAL column
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, a DECIMAL(6, 2)) WITH (${input:numbers});
CREATE TABLE result (id INT, a DECIMAL(6, 2)) WITH (${output});
INSERT INTO result SELECT * FROM numbers;
