-- feature: Types | a value of a MAP: counts['x']
-- verdict: refused: an element of an ARRAY or MAP is not supported yet
-- rows: 2
CREATE TABLE orders (id INT, counts MAP<STRING, INT>) WITH (${input:orders});
CREATE TABLE result (id INT, n INT) WITH (${output});
INSERT INTO result SELECT id, counts['x'] FROM orders;
