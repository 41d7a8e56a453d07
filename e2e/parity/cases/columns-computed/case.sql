-- feature: Tables and columns | computed columns, over other columns of any order, not among the rows that are written
-- verdict: same
-- rows: 3
CREATE TABLE orders (
  total AS price * amount,
  id INT,
  price DECIMAL(10, 2),
  amount INT,
  label AS UPPER(name) || '!',
  name STRING
) WITH (${input:orders});
CREATE TABLE results (id INT, total DECIMAL(20, 2), label STRING) WITH (${output});
INSERT INTO results SELECT id, total, label FROM orders;
