-- feature: Arithmetic | a DECIMAL sum or product that needs more than 38 digits is NULL
-- verdict: same
-- rows: 2
CREATE TABLE numbers (id INT, a DECIMAL(38, 0)) WITH (${input:numbers});
CREATE TABLE results (id INT, s DECIMAL(38, 0), p DECIMAL(38, 0)) WITH (${output});
INSERT INTO results SELECT id, a + a, a * a FROM numbers;
