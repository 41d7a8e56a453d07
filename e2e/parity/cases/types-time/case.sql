-- feature: Types | TIME
-- verdict: same
-- rows: 4
CREATE TABLE times (id INT, t TIME) WITH (${input:times});
CREATE TABLE results (id INT, t TIME) WITH (${output});
INSERT INTO results SELECT id, t FROM times;
