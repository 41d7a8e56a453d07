-- feature: Formats | a JSON text with spaces around it where the column is a number
-- verdict: same
-- rows: 1
CREATE TABLE orders (id INT, i INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (id INT, i INT, d DOUBLE) WITH (${output});
INSERT INTO results SELECT id, i, d FROM orders;
