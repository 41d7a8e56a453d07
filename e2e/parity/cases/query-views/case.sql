-- feature: Queries | views over views, with names of their own for the columns
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, a INT) WITH (${input:orders});
CREATE TABLE results (id INT, doubled INT) WITH (${output});
CREATE VIEW doubles (n, d) AS SELECT id, a * 2 FROM orders;
CREATE VIEW big AS SELECT * FROM doubles WHERE d > 2;
INSERT INTO results SELECT l.n, l.d FROM big AS l WHERE l.n < 10;
