-- feature: Scripts | several INSERT INTO statements
-- verdict: same
-- rows: 4
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE firsts (id INT) WITH (${output:firsts});
CREATE TABLE seconds (s STRING) WITH (${output:seconds});
INSERT INTO firsts SELECT id FROM orders;
INSERT INTO seconds SELECT s FROM orders;
