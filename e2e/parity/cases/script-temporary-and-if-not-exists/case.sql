-- feature: Scripts | CREATE TEMPORARY TABLE, IF NOT EXISTS, COMMENT
-- verdict: same
-- rows: 1
CREATE TEMPORARY TABLE IF NOT EXISTS orders (id INT COMMENT 'a number', s STRING) COMMENT 'orders' WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
CREATE TEMPORARY VIEW named COMMENT 'only with a name' AS SELECT id, s FROM orders WHERE s IS NOT NULL;
INSERT INTO results SELECT id, s FROM named;
