-- feature: Errors | a reserved word as a name, without backticks
-- verdict: different: Flink wants every reserved word in backticks; here only those that would be misread
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, result STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
