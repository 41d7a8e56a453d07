-- feature: Types | TIMESTAMP(3) and TIMESTAMP(6) in the years 1 and 9999
-- verdict: same
-- rows: 2
CREATE TABLE times (id INT, t3 TIMESTAMP(3), t6 TIMESTAMP(6)) WITH (${input:times});
CREATE TABLE results (id INT, t3 TIMESTAMP(3), t6 TIMESTAMP(6)) WITH (${output});
INSERT INTO results SELECT id, t3, t6 FROM times;
