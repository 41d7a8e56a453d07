-- feature: Tables and columns | a processing-time column: AS PROCTIME()
-- verdict: refused: PROCTIME (a replay must give the same rows) is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, at AS PROCTIME()) WITH (${input:orders});
CREATE TABLE result (id INT, known BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, at IS NOT NULL FROM orders;
