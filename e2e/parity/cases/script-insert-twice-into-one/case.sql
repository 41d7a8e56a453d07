-- feature: Scripts | two INSERT INTO the same table
-- verdict: refused: a second INSERT INTO 'result' is not supported yet
-- rows: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE result (id INT) WITH (${output});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO result SELECT id FROM orders;
INSERT INTO result SELECT -id FROM orders;
END;
