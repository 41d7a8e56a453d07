-- feature: Types | a value of a MAP: counts['x']
-- verdict: refused: an element of an ARRAY or MAP is not supported yet
-- rows: 2
CREATE TABLE orders (id INT, counts MAP<STRING, INT>) WITH (${input:orders});
CREATE TABLE results (id INT, n INT) WITH (${output});
INSERT INTO results SELECT id, counts['x'] FROM orders;
