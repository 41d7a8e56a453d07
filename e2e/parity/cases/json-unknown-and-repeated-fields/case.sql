-- feature: Formats | JSON fields that no column names, in any order, and one that stands twice
-- verdict: same
-- rows: 3
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result SELECT id, s FROM orders;
