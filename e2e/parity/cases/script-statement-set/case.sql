-- feature: Scripts | EXECUTE STATEMENT SET BEGIN … END: several outputs of one table
-- verdict: same
-- rows: 6
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE evens (id INT) WITH (${output:evens});
CREATE TABLE texts (s STRING) WITH (${output:texts});
EXECUTE STATEMENT SET
BEGIN
INSERT INTO evens SELECT id FROM orders WHERE id % 2 = 0;
INSERT INTO texts SELECT CASE WHEN id > 2 THEN s END FROM orders;
END;
