-- feature: Arithmetic | number literals: exact with a point, DOUBLE with an exponent
-- verdict: same
-- rows: 1
CREATE TABLE numbers (id INT) WITH (${input:numbers});
CREATE TABLE results (id INT, a DECIMAL(20, 10), b DOUBLE, c DECIMAL(20, 10), d INT, e BIGINT, f DECIMAL(38, 1)) WITH (${output});
INSERT INTO results SELECT id, 0.1 + 0.2, 1E-1 + 2E-1, 1.0 / 3.0, 1 / 3, 9223372036854775807 - id, 123456789012345678.9 * 2 FROM numbers;
