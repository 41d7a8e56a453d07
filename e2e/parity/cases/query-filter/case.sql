-- feature: Queries | WHERE: only what is TRUE passes, not what is NULL
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, a INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT) WITH (${output});
INSERT INTO result SELECT id FROM orders WHERE a > 1 AND (s <> 'x' OR s IS NULL) OR NOT (a < 100);
