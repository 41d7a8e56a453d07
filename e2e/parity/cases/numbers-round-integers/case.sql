-- feature: Numeric functions | ROUND of an INT to tens
-- verdict: refused: ROUND of INT to this many digits
-- rows: 1
CREATE TABLE numbers (id INT, i INT) WITH (${input:numbers});
CREATE TABLE results (id INT, a INT) WITH (${output});
INSERT INTO results SELECT id, ROUND(i, -1) FROM numbers;
