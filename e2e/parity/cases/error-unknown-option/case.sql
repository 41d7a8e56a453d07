-- feature: Errors | a table option that is misspelt
-- verdict: different: Flink names no place; here it is that of the option
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders}, 'scan.startup.mod' = 'earliest-offset');
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result SELECT id, s FROM orders;
