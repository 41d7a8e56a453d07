-- feature: Tables and columns | INSERT INTO t (some columns): the others are NULL
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (a STRING, id INT, s STRING, z BIGINT) WITH (${output});
INSERT INTO results (s, id) SELECT s, id FROM orders;
