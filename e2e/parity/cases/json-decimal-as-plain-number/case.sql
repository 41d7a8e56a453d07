-- feature: Formats | 'json.encode.decimal-as-plain-number'
-- verdict: refused: not an option of the json format
-- rows: 1
CREATE TABLE orders (id INT, d DECIMAL(38, 0)) WITH (${input:orders});
CREATE TABLE results (id INT, d DECIMAL(38, 0)) WITH (${output}, 'json.encode.decimal-as-plain-number' = 'true');
INSERT INTO results SELECT id, d FROM orders;
