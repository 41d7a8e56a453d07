-- feature: Formats | a JSON field that stands twice
-- verdict: different: Flink takes the last one and loses the columns behind it; here the last one counts
CREATE TABLE orders (id INT, s STRING) WITH (${input:orders});
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT id, s FROM orders;
