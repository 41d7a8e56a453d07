-- feature: Formats | 'json.encode.ignore-null-fields'
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output}, 'json.encode.ignore-null-fields' = 'true');
INSERT INTO results SELECT id, s FROM orders;
