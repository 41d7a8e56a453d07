-- feature: Formats | JSON fields that no column names, in any order; case counts
-- verdict: same
-- rows: 3
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
