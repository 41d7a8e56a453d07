-- feature: Text functions | UPPER, LOWER, CHAR_LENGTH over accents, emoji, sharp s, final sigma
-- verdict: same
-- rows: 8
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, up STRING, low STRING, n INT, m INT) WITH (${output});
INSERT INTO results SELECT id, UPPER(s), LOWER(s), CHAR_LENGTH(s), CHARACTER_LENGTH(s) FROM texts;
