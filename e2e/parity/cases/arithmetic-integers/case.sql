-- feature: Arithmetic | + - * / % of integers: division cuts off, the remainder has the dividend's sign
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, a INT, b INT, t TINYINT, l BIGINT) WITH (${input:numbers});
CREATE TABLE results (id INT, v INT, w INT, x INT, y INT, z INT, u INT, m BIGINT, n INT, o BIGINT) WITH (${output});
INSERT INTO results SELECT id, a + b, a - b, a * b, a / b, a % b, -a, l + a, t + a, l / t FROM numbers;
