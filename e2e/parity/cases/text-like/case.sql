-- feature: Text functions | LIKE with %, _, ESCAPE, over lines and emoji; case counts
-- verdict: same
-- rows: 7
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE result (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, s LIKE 'a%', s LIKE '_b%', s NOT LIKE '%c', s LIKE '%!%%' ESCAPE '!', s LIKE '', s LIKE 'a.c' FROM texts;
