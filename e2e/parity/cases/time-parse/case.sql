-- feature: Time functions | TO_TIMESTAMP with and without a pattern; what does not parse is NULL
-- verdict: same
-- rows: 7
CREATE TABLE texts (id INT, s STRING, p STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a TIMESTAMP(3), b TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, TO_TIMESTAMP(s), TO_TIMESTAMP(p, 'dd.MM.yyyy HH:mm') FROM texts;
