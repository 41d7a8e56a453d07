-- feature: Numeric functions | CEIL and FLOOR of a DECIMAL
-- verdict: refused: CEIL of a DECIMAL is not supported yet
-- rows: 2
CREATE TABLE numbers (id INT, m DECIMAL(10, 3)) WITH (${input:numbers});
CREATE TABLE results (id INT, a DECIMAL(10, 0), b DECIMAL(10, 0)) WITH (${output});
INSERT INTO results SELECT id, CEIL(m), FLOOR(m) FROM numbers;
