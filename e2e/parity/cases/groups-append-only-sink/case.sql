-- feature: Aggregation without windows | results that change, into a table that only takes new rows
-- verdict: error: line 4, column 14 (Flink names no place)
CREATE TABLE orders (k STRING, l INT, n INT, d DOUBLE) WITH (${input:orders});
CREATE TABLE results (k STRING, total INT) WITH (${output});
INSERT INTO results SELECT k, SUM(n) FROM orders GROUP BY k;
