-- feature: Formats | a JSON number or boolean where the column is a STRING
-- verdict: same
-- rows: 3
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
