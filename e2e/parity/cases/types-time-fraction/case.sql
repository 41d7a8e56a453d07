-- feature: Types | TIME(3)
-- verdict: same
-- rows: 3
CREATE TABLE times (id INT, t TIME(3)) WITH (${input:times});
CREATE TABLE result (id INT, t TIME(3)) WITH (${output});
INSERT INTO result SELECT id, t FROM times;
