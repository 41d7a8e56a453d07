-- feature: Scripts | hints: /*+ OPTIONS(…) */
-- verdict: refused: a hint (/*+ … */) is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders /*+ OPTIONS('scan.startup.mode' = 'earliest-offset') */;
