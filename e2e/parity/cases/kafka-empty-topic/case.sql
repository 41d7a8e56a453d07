-- feature: Kafka | a topic without records
-- verdict: same
-- rows: 0
-- partitions: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE results (id INT) WITH (${output});
INSERT INTO results SELECT id FROM orders;
