-- feature: Formats | 'json.encode.ignore-null-fields'
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE result (id INT, s STRING) WITH (${output}, 'json.encode.ignore-null-fields' = 'true');
INSERT INTO result SELECT id, s FROM orders;
