-- feature: Types | TIMESTAMP(9) in the years 1 and 9999
-- verdict: different: nanoseconds are 64-bit integers here, so TIMESTAMP(7) to TIMESTAMP(9) span 1677 to 2262; other rows go to the dead letters
CREATE TABLE times (id INT, t9 TIMESTAMP(9)) WITH (${input:times});
CREATE TABLE results (id INT, t9 TIMESTAMP(9)) WITH (${output});
INSERT INTO results SELECT id, t9 FROM times;
