-- feature: Text functions | JSON_VALUE, JSON_QUERY, JSON_EXISTS
-- verdict: refused: function JSON_VALUE
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a STRING, b STRING, c BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, JSON_VALUE(s, '$.a'), JSON_QUERY(s, '$.b'), JSON_EXISTS(s, '$.c') FROM texts;
