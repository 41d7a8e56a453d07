-- feature: Comparison and logic | the order of characters beyond U+FFFF
-- verdict: different: Flink compares texts it has just read by UTF-16 units, others by UTF-8 bytes; here it is always code points
CREATE TABLE pairs (id INT, a STRING, b STRING) WITH (${input:pairs});
CREATE TABLE results (id INT, lt BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, a < b FROM pairs;
