-- feature: Arithmetic | % and MOD of DECIMALs
-- verdict: refused: the remainder of DECIMALs is not supported yet
-- rows: 1
CREATE TABLE numbers (id INT, a DECIMAL(10, 2)) WITH (${input:numbers});
CREATE TABLE result (id INT, s DECIMAL(10, 2)) WITH (${output});
INSERT INTO result SELECT id, a % 3 FROM numbers;
