-- feature: Errors | WHERE with a number
-- verdict: error: line 6, column 7
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders
WHERE id + 1;
