-- feature: Text functions | SPLIT_INDEX
-- verdict: refused: function SPLIT_INDEX is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING) WITH (${output});
INSERT INTO results SELECT id, SPLIT_INDEX(s, ',', 1) FROM texts;
