-- feature: Types | a JSON number with more whole digits than its DECIMAL column
-- verdict: different: Flink reads NULL; here the record goes to the dead letters
CREATE TABLE numbers (id INT, a DECIMAL(6, 2)) WITH (${input:numbers});
CREATE TABLE results (id INT, a DECIMAL(6, 2)) WITH (${output});
INSERT INTO results SELECT id, a FROM numbers;
