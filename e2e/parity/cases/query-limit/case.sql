-- feature: Queries | LIMIT
-- verdict: refused: LIMIT is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT id FROM orders LIMIT 1;
