-- feature: Time functions | INTERVAL '1 02:03:04' DAY TO SECOND
-- verdict: refused: this kind of INTERVAL is not supported yet
-- rows: 1
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, t + INTERVAL '1 02:03:04' DAY TO SECOND FROM times;
