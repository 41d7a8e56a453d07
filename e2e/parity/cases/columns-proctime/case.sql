-- feature: Tables and columns | a processing-time column: AS PROCTIME()
-- verdict: refused: PROCTIME (a replay must give the same rows) is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, seen AS PROCTIME()) WITH (${input:orders});
CREATE TABLE results (id INT, known BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, seen IS NOT NULL FROM orders;
