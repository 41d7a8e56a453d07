-- feature: Aggregation without windows | COUNT(*) of a whole table
-- verdict: refused: COUNT without GROUP BY window_start, window_end is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (all_of_them STRING, n BIGINT, PRIMARY KEY (all_of_them) NOT ENFORCED) WITH (${upsert});
INSERT INTO results SELECT 'all', COUNT(*) FROM orders;
