-- feature: Scripts | two INSERT INTO the same table
-- verdict: refused: a second INSERT INTO 'results' is not supported yet
-- rows: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO results SELECT id FROM orders;
INSERT INTO results SELECT -id FROM orders;
END;
