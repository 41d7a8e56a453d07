-- feature: Scripts | several INSERT INTO statements
-- verdict: same
-- rows: 4
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE one (id INT) WITH (${output:one});
CREATE TABLE two (s STRING) WITH (${output:two});
INSERT INTO one SELECT id FROM orders;
INSERT INTO two SELECT s FROM orders;
