-- feature: Queries | SELECT DISTINCT
-- verdict: same
-- rows: 2
CREATE TABLE orders (s STRING) WITH (${input:orders});
CREATE TABLE results (s STRING, PRIMARY KEY (s) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT DISTINCT s FROM orders;
