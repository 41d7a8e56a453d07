-- feature: Arithmetic | DECIMALs whose product or quotient needs more than 38 digits: fewer fractional digits
-- verdict: same
-- rows: 3
CREATE TABLE numbers (id INT, a DECIMAL(38, 18), b DECIMAL(30, 10)) WITH (${input:numbers});
CREATE TABLE results (id INT, s DECIMAL(38, 17), p DECIMAL(38, 6), q DECIMAL(38, 6)) WITH (${output});
INSERT INTO results SELECT id, a + b, a * b, a / b FROM numbers;
