-- feature: Tables and columns | INSERT INTO narrower columns: BIGINT to INT, DOUBLE to DECIMAL
-- verdict: same
-- rows: 2
CREATE TABLE orders (b BIGINT, d DOUBLE) WITH (${input:orders});
CREATE TABLE result (a INT, b DECIMAL(10, 2)) WITH (${output});
INSERT INTO result SELECT b, d FROM orders;
