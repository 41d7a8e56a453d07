-- feature: Time functions | TIMESTAMPDIFF and TIMESTAMPADD
-- verdict: refused: function TIMESTAMPDIFF
-- rows: 1
CREATE TABLE times (id INT, a TIMESTAMP(3), b TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, n INT, t TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, TIMESTAMPDIFF(MINUTE, a, b), TIMESTAMPADD(HOUR, 1, a) FROM times;
