-- feature: Types | STRING: empty, accents, emoji, surrogate escapes, combining and control characters
-- verdict: same
-- rows: 10
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE result (id INT, s STRING, empty BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, s, s = '' FROM texts;
