-- feature: Arithmetic | % and MOD of DECIMALs
-- verdict: same
-- rows: 4
CREATE TABLE numbers (id INT, a DECIMAL(10, 2)) WITH (${input:numbers});
CREATE TABLE results (id INT, s DECIMAL(10, 2), t DECIMAL(10, 3), u DECIMAL(10, 2)) WITH (${output});
INSERT INTO results SELECT id, a % 3, MOD(a, 0.125), 7 % a FROM numbers;
