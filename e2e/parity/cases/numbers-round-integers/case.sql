-- feature: Numeric functions | ROUND of an INT to tens
-- verdict: refused: ROUND of INT to this many digits
-- rows: 1
CREATE TABLE numbers (id INT, i INT) WITH (${input:numbers});
CREATE TABLE result (id INT, a INT) WITH (${output});
INSERT INTO result SELECT id, ROUND(i, -1) FROM numbers;
