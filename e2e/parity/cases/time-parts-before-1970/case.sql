-- feature: Time functions | YEAR, MONTH, HOUR, FLOOR to MONTH, CAST to DATE of a time of day before 1970
-- verdict: different: Flink counts the time of day towards 1970, so that 1969-12-31 23:59:59.001 is in January and 1583 has negative hours; here they are as written
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a BIGINT, b BIGINT, c BIGINT, d TIMESTAMP(3), e DATE) WITH (${output});
INSERT INTO results SELECT id, YEAR(t), MONTH(t), HOUR(t), FLOOR(t TO MONTH), CAST(t AS DATE) FROM times;
