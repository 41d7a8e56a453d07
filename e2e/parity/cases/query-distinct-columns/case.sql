-- feature: Queries | SELECT DISTINCT of several columns
-- verdict: same
-- rows: 4
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, l INT, PRIMARY KEY (k, l) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT DISTINCT k, l FROM orders;
