-- feature: Text functions | LIKE with %, _, ESCAPE, over lines and emoji; case counts
-- verdict: same
-- rows: 7
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, s LIKE 'a%', s LIKE '_b%', s NOT LIKE '%c', s LIKE '%!%%' ESCAPE '!', s LIKE '', s LIKE 'a.c' FROM texts;
