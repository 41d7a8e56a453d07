-- feature: Types | a field of a ROW column without the table's name: buyer.name
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, buyer ROW<name STRING, age INT>) WITH (${input:orders});
CREATE TABLE result (id INT, name STRING, age INT) WITH (${output});
INSERT INTO result SELECT id, buyer.name, buyer.age FROM orders WHERE buyer.age > 20;
