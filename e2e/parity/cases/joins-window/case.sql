-- feature: Joins | a window join
-- verdict: same
-- rows: 1
CREATE TABLE orders (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:orders});
CREATE TABLE payments (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:payments});
CREATE TABLE results (id INT, window_start TIMESTAMP(3)) WITH (${output});
INSERT INTO results SELECT o.id, o.window_start
FROM (SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) AS o
JOIN (SELECT * FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) AS p
ON o.id = p.id AND o.window_start = p.window_start AND o.window_end = p.window_end;
