-- feature: Formats | JSON numbers where the column is a STRING, JSON texts where it is a number
-- verdict: same
-- rows: 3
CREATE TABLE orders (id INT, s STRING, i INT, b BIGINT, d DOUBLE, t BOOLEAN) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING, i INT, b BIGINT, d DOUBLE, t BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, s, i, b, d, t FROM orders;
