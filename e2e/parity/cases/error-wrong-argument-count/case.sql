-- feature: Errors | too many arguments of a function
-- verdict: error: line 6, column 3
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id,
  UPPER(s, s) FROM orders;
