-- feature: Time functions | TO_TIMESTAMP of a text with a date only, or with a T in the middle
-- verdict: same
-- rows: 3
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, TO_TIMESTAMP(s) FROM texts;
