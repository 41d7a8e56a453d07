-- feature: Arithmetic | integers that overflow wrap around
-- verdict: same
-- rows: 2
CREATE TABLE numbers (id INT, i INT, b BIGINT, t TINYINT, s SMALLINT) WITH (${input:numbers});
CREATE TABLE results (id INT, a INT, c INT, d INT, e BIGINT, f BIGINT, g BIGINT, h TINYINT, j SMALLINT, k INT) WITH (${output});
INSERT INTO results SELECT id, i + 1, i * 2, i - 1, b + 1, b * 2, b - 1, t + t, s * s, -i FROM numbers;
