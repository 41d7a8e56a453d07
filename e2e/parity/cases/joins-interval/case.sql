-- feature: Joins | an interval join
-- verdict: refused: a list of tables (a join) is not supported yet
-- rows: 1
CREATE TABLE orders (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:orders});
CREATE TABLE payments (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:payments});
CREATE TABLE results (id INT, ordered TIMESTAMP(3), paid TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT o.id, o.ts, CAST(p.ts AS TIMESTAMP(3))
FROM orders AS o, payments AS p
WHERE o.id = p.id AND p.ts BETWEEN o.ts AND o.ts + INTERVAL '10' SECOND;
