-- feature: Errors | a column that is not there
-- verdict: error: line 6, column 3
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id,
  nam FROM orders;
