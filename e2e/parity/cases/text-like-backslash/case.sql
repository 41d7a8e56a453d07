-- feature: Text functions | a backslash in LIKE without ESCAPE is a character like any other
-- verdict: same
-- rows: 3
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, s LIKE 'a\_' FROM texts;
