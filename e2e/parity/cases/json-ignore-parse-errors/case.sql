-- feature: Formats | 'json.ignore-parse-errors' = 'true'
-- verdict: refused: bad records are never dropped, they go to the dead letters
-- rows: 2
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders}, 'json.ignore-parse-errors' = 'true');
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
