-- feature: Errors | a parenthesis that is never closed
-- verdict: error: line 6, column 11
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id,
  UPPER(s FROM orders;
