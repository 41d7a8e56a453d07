-- feature: Tables and columns | INSERT INTO wider columns: INT to BIGINT, DECIMAL and DOUBLE, DECIMAL to a larger scale
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, t TINYINT, m DECIMAL(10, 2), f FLOAT) WITH (${input:orders});
CREATE TABLE results (a BIGINT, b DECIMAL(20, 3), c DOUBLE, d SMALLINT, e DECIMAL(20, 5), f DOUBLE) WITH (${output});
INSERT INTO results SELECT id, id, id, t, m, f FROM orders;
