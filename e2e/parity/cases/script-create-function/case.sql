-- feature: Scripts | CREATE FUNCTION: user functions
-- verdict: refused: CREATE FUNCTION is not supported yet
-- rows: 1
CREATE FUNCTION shout AS 'com.example.Shout';
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
