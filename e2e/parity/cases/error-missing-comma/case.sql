-- feature: Errors | a comma that is missing
-- verdict: error: line 6, column 10
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result SELECT id,
  s UPPER(s) FROM orders;
