-- feature: Errors | a type that is not there
-- verdict: error: line 3, column 31
CREATE TABLE wrong (id INT, s STRNG) WITH (${input:orders});
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
