-- feature: Errors | a number plus a text
-- verdict: error: line 6, column 3
CREATE TABLE orders (id INT, s BOOLEAN) WITH (${input:orders});
CREATE TABLE results (id INT, n INT) WITH (${output});
INSERT INTO results SELECT id,
  id + s FROM orders;
