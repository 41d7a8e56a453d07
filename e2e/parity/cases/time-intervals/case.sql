-- feature: Time functions | timestamps plus and minus intervals, over ends of months and leap days
-- verdict: same
-- rows: 5
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), d TIMESTAMP(3), e TIMESTAMP(3), f TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT id, t + INTERVAL '1' SECOND, t - INTERVAL '90' MINUTE, t + INTERVAL '1' DAY, t + INTERVAL '1' MONTH, t - INTERVAL '1' YEAR,
  INTERVAL '36' HOUR + t
FROM times;
