-- feature: Formats | a JSON text where the column is a BOOLEAN
-- verdict: different: Flink takes any text, and all but "true" are FALSE; here the record goes to the dead letters
CREATE TABLE orders (id INT, t BOOLEAN) WITH (${input:orders});
CREATE TABLE results (id INT, t BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, t FROM orders;
