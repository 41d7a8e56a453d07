-- feature: Tables and columns | SELECT * of a table with computed and metadata columns
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, twice AS id * 2, p INT METADATA FROM 'partition' VIRTUAL, s STRING) WITH (${input:orders});
CREATE TABLE results (a INT, b INT, c INT, d STRING) WITH (${output});
INSERT INTO results SELECT * FROM orders;
