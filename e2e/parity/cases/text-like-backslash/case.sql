-- feature: Text functions | a backslash in LIKE without ESCAPE
-- verdict: refused: a backslash in LIKE without ESCAPE is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE result (id INT, a BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, s LIKE 'a\\b' FROM texts;
