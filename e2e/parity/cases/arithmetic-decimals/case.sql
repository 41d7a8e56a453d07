-- feature: Arithmetic | + - * / of DECIMALs and integers: precision, scale and rounding
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, a DECIMAL(10, 2), b DECIMAL(10, 4), i INT) WITH (${input:numbers});
CREATE TABLE results (
  id INT, s DECIMAL(38, 10), d DECIMAL(38, 10), p DECIMAL(38, 10), q DECIMAL(38, 16), r DECIMAL(38, 16), t DECIMAL(38, 10), u DECIMAL(38, 10)
) WITH (${output});
INSERT INTO results SELECT id, a + b, a - b, a * b, a / b, a / i, a * i, -a FROM numbers;
