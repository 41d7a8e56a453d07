-- feature: Formats | a JSON object or array where the column is a STRING
-- verdict: different: Flink gives the JSON text; here the record goes to the dead letters
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
