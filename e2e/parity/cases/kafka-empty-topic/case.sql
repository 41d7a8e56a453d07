-- feature: Kafka | a topic without records
-- verdict: same
-- rows: 0
-- partitions: 2
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE result (id INT) WITH (${output});
INSERT INTO result SELECT id FROM orders;
