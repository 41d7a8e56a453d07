-- feature: Queries | SELECT DISTINCT
-- verdict: refused: SELECT DISTINCT is not supported yet
-- rows: 2
CREATE TABLE orders (s STRING) WITH (${input:orders});
CREATE TABLE result (s STRING) WITH (${output});
INSERT INTO result SELECT DISTINCT s FROM orders;
