-- feature: Scripts | CREATE TABLE … AS SELECT
-- verdict: refused: CREATE TABLE … AS SELECT is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results WITH (${output}) AS SELECT id FROM orders;
