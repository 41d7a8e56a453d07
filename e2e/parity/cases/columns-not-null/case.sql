-- feature: Tables and columns | a NULL for a column that is NOT NULL in the table that is written
-- verdict: same
-- ends: failed
SET 'restart-strategy.type' = 'none';
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING NOT NULL) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
