-- feature: OVER | deduplication: the first row of a key, of several at one time the one that came first
-- verdict: same
-- rows: 3
CREATE TABLE orders (k STRING, id INT, n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH (${input:orders});
CREATE TABLE results (k STRING, id INT, n INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, id, n
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts ASC) AS row_num FROM orders)
WHERE row_num = 1;
