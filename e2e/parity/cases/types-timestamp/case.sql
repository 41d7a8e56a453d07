-- feature: Types | TIMESTAMP with 0, 3, 6 and 9 digits, before and after 1970
-- verdict: same
-- rows: 6
CREATE TABLE times (id INT, t0 TIMESTAMP(0), t3 TIMESTAMP(3), t6 TIMESTAMP(6), t9 TIMESTAMP(9)) WITH (${input:times});
CREATE TABLE results (id INT, t0 TIMESTAMP(0), t3 TIMESTAMP(3), t6 TIMESTAMP(6), t9 TIMESTAMP(9)) WITH (${output});
INSERT INTO results SELECT id, t0, t3, t6, t9 FROM times;
