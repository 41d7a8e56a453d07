-- feature: Comparison and logic | AND, OR, NOT, IS TRUE, IS UNKNOWN and comparisons with NULL
-- verdict: same
-- rows: 9
CREATE TABLE pairs (id INT, a BOOLEAN, b BOOLEAN) WITH (${input:pairs});
CREATE TABLE results (
  id INT, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN, g BOOLEAN, h BOOLEAN, i BOOLEAN, j BOOLEAN, k BOOLEAN, l BOOLEAN
) WITH (${output});
INSERT INTO results SELECT id, a AND b, a OR b, NOT a, a = b, a <> b, a IS TRUE, a IS NOT FALSE, a IS UNKNOWN, a IS NULL, a IS NOT UNKNOWN FROM pairs;
