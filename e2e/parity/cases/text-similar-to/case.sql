-- feature: Text functions | SIMILAR TO
-- verdict: refused: SIMILAR TO is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, a BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, s SIMILAR TO '[a-c]+' FROM texts;
