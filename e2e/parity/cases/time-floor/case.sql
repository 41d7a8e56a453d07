-- feature: Time functions | FLOOR to SECOND, MINUTE, HOUR, DAY, MONTH, YEAR
-- verdict: same
-- rows: 4
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), d TIMESTAMP(3), e TIMESTAMP(3), f TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, FLOOR(t TO SECOND), FLOOR(t TO MINUTE), FLOOR(t TO HOUR), FLOOR(t TO DAY), FLOOR(t TO MONTH), FLOOR(t TO YEAR) FROM times;
