-- feature: Types | an element of an ARRAY: tags[1]
-- verdict: refused: an element of an ARRAY or MAP is not supported yet
-- rows: 2
CREATE TABLE orders (id INT, tags ARRAY<STRING>) WITH (${input:orders});
CREATE TABLE results (id INT, tag STRING) WITH (${output});
INSERT INTO results SELECT id, tags[1] FROM orders;
