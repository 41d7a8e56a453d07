-- feature: Errors | CHAR_LENGTH of a number
-- verdict: error: line 6, column 24
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, n INT) WITH (${output});
INSERT INTO results
     SELECT id AS num, CHAR_LENGTH(id) FROM texts;
