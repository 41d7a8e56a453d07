-- feature: OVER | deduplication: the first row of a key by event time
-- verdict: same
-- rows: 1
CREATE TABLE orders (k STRING, id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH (${input:orders});
CREATE TABLE results (k STRING, id INT, PRIMARY KEY (k) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, id
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts ASC) AS row_num FROM orders)
WHERE row_num = 1;
