-- feature: Joins | a regular join of two tables
-- verdict: refused: a JOIN whose ON lacks equal window_start and equal window_end of two windowed inputs is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, buyer INT) WITH (${input:orders});
CREATE TABLE buyers (id INT, name STRING) WITH (${input:buyers});
CREATE TABLE results (id INT, name STRING) WITH (${output});
INSERT INTO results SELECT o.id, b.name FROM orders AS o JOIN buyers AS b ON o.buyer = b.id;
