-- feature: Types | STRING: empty, accents, emoji, surrogate escapes, combining and control characters
-- verdict: same
-- rows: 10
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, s STRING, is_empty BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, s, s = '' FROM texts;
