-- feature: Errors | a table option that is misspelt
-- verdict: error: line 4, column 1 (Flink names no place)
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders},
'scan.startup.mod' = 'earliest-offset');
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
