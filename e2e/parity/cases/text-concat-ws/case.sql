-- feature: Text functions | CONCAT_WS
-- verdict: refused: function CONCAT_WS
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING) WITH (${output});
INSERT INTO results SELECT id, CONCAT_WS('-', s, 'x', CAST(NULL AS STRING)) FROM texts;
