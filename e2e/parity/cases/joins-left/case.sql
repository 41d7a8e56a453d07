-- feature: Joins | a LEFT JOIN of two tables: rows that are amended
-- verdict: refused: a JOIN whose ON lacks equal window_start and equal window_end of two windowed inputs is not supported yet
-- rows: 2
CREATE TABLE orders (id INT, buyer INT) WITH (${input:orders});
CREATE TABLE buyers (id INT, name STRING) WITH (${input:buyers});
CREATE TABLE results (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT o.id, b.name FROM orders AS o LEFT JOIN buyers AS b ON o.buyer = b.id;
