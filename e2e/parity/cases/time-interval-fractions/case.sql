-- feature: Time functions | INTERVAL '1.5' SECOND
-- verdict: same
-- rows: 1
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3), b TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, t + INTERVAL '1.5' SECOND, t - INTERVAL '0.001' SECOND FROM times;
