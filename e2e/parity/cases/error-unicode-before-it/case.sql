-- feature: Errors | a place after emoji and accents, counted in characters
-- verdict: error: line 5, column 62
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING, t STRING) WITH (${output});
INSERT INTO results SELECT id, 'größer 🦀🦀' AS `größe`, UPPER(nam) FROM orders;
