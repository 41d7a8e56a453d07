-- feature: Errors | a comma that is missing
-- verdict: error: line 6, column 7
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id,
  s t id FROM orders;
