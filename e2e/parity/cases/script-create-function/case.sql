-- feature: Scripts | CREATE FUNCTION: user functions
-- verdict: refused: CREATE FUNCTION is not supported yet
-- rows: 1
CREATE TEMPORARY SYSTEM FUNCTION shout AS 'org.apache.flink.table.runtime.functions.scalar.PrintfFunction';
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE result (id INT) WITH (${output});
INSERT INTO result SELECT id FROM orders;
