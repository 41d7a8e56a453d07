-- feature: Errors | INSERT INTO narrower columns: BIGINT to INT, DOUBLE to DECIMAL
-- verdict: error: line 5, column 1 (Flink names no place)
CREATE TABLE orders (b BIGINT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (a INT, b DECIMAL(10, 2)) WITH (${output});
INSERT INTO results SELECT b, d FROM orders;
