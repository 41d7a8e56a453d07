-- feature: Text functions | SIMILAR TO
-- verdict: refused: SIMILAR TO is not supported yet
-- rows: 1
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE result (id INT, a BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, s SIMILAR TO '[a-c]+' FROM texts;
