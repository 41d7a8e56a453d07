-- feature: Time functions | CEIL to a unit
-- verdict: refused: this kind of expression is not supported yet
-- rows: 1
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, CEIL(t TO HOUR) FROM times;
