-- feature: Formats | a JSON text where the column is a number
-- verdict: same
-- rows: 3
CREATE TABLE orders (id INT, i INT, b BIGINT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (id INT, i INT, b BIGINT, d DOUBLE) WITH (${output});
INSERT INTO results SELECT id, i, b, d FROM orders;
