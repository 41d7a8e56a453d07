-- feature: Scripts | names with catalog and database
-- verdict: refused: a name with a catalog or database is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO default_catalog.default_database.results SELECT id FROM orders;
