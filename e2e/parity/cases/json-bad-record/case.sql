-- feature: Formats | a record that is no JSON
-- verdict: different: Flink's job fails at the record; here it goes to the dead letters with its error, and the rest is read
SET 'restart-strategy.type' = 'none';
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
