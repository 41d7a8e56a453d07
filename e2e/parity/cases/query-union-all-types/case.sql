-- feature: Queries | UNION ALL of an INT and a BIGINT
-- verdict: refused: column 1 of UNION ALL is INT in one query and BIGINT in another
-- rows: 2
CREATE TABLE orders (id INT, n BIGINT) WITH (${input:orders});
CREATE TABLE results (id BIGINT) WITH (${output});
INSERT INTO results SELECT id FROM orders UNION ALL SELECT n FROM orders;
