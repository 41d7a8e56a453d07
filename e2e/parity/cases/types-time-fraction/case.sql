-- feature: Types | TIME(3)
-- verdict: different: Flink's JSON cuts a TIME to seconds; here its digits are kept
CREATE TABLE times (id INT, t TIME(3)) WITH (${input:times});
CREATE TABLE results (id INT, t TIME(3)) WITH (${output});
INSERT INTO results SELECT id, t FROM times;
