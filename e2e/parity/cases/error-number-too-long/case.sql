-- feature: Errors | a number literal beyond the digits of a BIGINT
-- verdict: error: line 6, column 3
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT, n DECIMAL(38, 1)) WITH (${output});
INSERT INTO results SELECT id,
  12345678901234567890.5 FROM orders;
