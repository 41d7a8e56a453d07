-- feature: Queries | views over views, with names of their own for the columns
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, a INT) WITH (${input:orders});
CREATE TABLE result (id INT, doubled INT) WITH (${output});
CREATE VIEW doubles (n, d) AS SELECT id, a * 2 FROM orders;
CREATE VIEW large AS SELECT * FROM doubles WHERE d > 2;
INSERT INTO result SELECT l.n, l.d FROM large AS l WHERE l.n < 10;
