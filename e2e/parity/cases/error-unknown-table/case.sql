-- feature: Errors | a table that is not there
-- verdict: error: line 6, column 6
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s
FROM odrers;
