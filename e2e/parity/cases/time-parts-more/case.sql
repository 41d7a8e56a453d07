-- feature: Time functions | DAYOFWEEK, EXTRACT of EPOCH, MILLISECOND, DECADE
-- verdict: refused: function DAYOFWEEK
-- rows: 1
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a BIGINT, b BIGINT, c BIGINT) WITH (${output});
INSERT INTO results SELECT id, DAYOFWEEK(t), EXTRACT(EPOCH FROM t), EXTRACT(MILLISECOND FROM t) FROM times;
