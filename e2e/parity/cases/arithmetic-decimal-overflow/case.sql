-- feature: Arithmetic | a DECIMAL sum that needs more than 38 digits
-- verdict: different: Flink gives NULL; here the pipeline stops
CREATE TABLE numbers (id INT, a DECIMAL(38, 0)) WITH (${input:numbers});
CREATE TABLE result (id INT, s DECIMAL(38, 0)) WITH (${output});
INSERT INTO result SELECT id, a + a FROM numbers;
