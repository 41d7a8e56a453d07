-- feature: Errors | a number plus a text
-- verdict: error: line 6, column 3
CREATE TABLE orders (id INT, s BOOLEAN) WITH (${input:orders});
CREATE TABLE result (id INT, n INT) WITH (${output});
INSERT INTO result SELECT id,
  id + s FROM orders;
