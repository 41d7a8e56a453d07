-- feature: Conditional functions | COALESCE, NULLIF, IFNULL, IF
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, a INT, b BIGINT, s STRING) WITH (${input:numbers});
CREATE TABLE results (id INT, c BIGINT, d INT, e INT, f STRING, g STRING, h STRING) WITH (${output});
INSERT INTO results SELECT id, COALESCE(a, b, -1), NULLIF(a, 2), IFNULL(a, 0), IF(a > 1, 'more', 'less'), COALESCE(s, ''), NULLIF(s, '') FROM numbers;
