-- feature: Comparison and logic | <, <=, >, >=, =, <>, IS DISTINCT FROM over numbers of different types
-- verdict: same
-- rows: 6
CREATE TABLE pairs (id INT, i INT, l BIGINT, d DOUBLE, m DECIMAL(10, 2)) WITH (${input:pairs});
CREATE TABLE results (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, d BOOLEAN, e BOOLEAN, f BOOLEAN, g BOOLEAN, h BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, i < l, i <= d, i > m, d >= m, l = m, i <> d, i IS DISTINCT FROM l, i IS NOT DISTINCT FROM l FROM pairs;
