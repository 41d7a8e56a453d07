-- feature: Queries | WHERE: only what is TRUE passes, not what is NULL
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, a INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders WHERE a > 1 AND (s <> 'x' OR s IS NULL) OR NOT (a < 100);
