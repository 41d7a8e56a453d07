-- feature: Text functions | SPLIT_INDEX
-- verdict: same
-- rows: 6
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING) WITH (${output});
INSERT INTO results SELECT id, SPLIT_INDEX(s, ',', 1), SPLIT_INDEX(s, ',', 0), SPLIT_INDEX(s, ',', -1), SPLIT_INDEX(s, 'bc', 1) FROM texts;
