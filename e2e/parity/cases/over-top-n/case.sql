-- feature: OVER | Top-N: ROW_NUMBER() … WHERE row_num <= N
-- verdict: refused: ROW_NUMBER without both window_start and window_end of a window in PARTITION BY is not supported yet
-- rows: 2
CREATE TABLE orders (k STRING, id INT, n INT) WITH (${input:orders});
CREATE TABLE results (k STRING, id INT, n INT, row_num BIGINT, PRIMARY KEY (k, row_num) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT k, id, n, row_num
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC) AS row_num FROM orders)
WHERE row_num <= 2;
