-- feature: Types | a field of a ROW column without the table's name: buyer.name
-- verdict: same
-- rows: 2
CREATE TABLE orders (id INT, buyer ROW<name STRING, age INT>) WITH (${input:orders});
CREATE TABLE results (id INT, name STRING, age INT) WITH (${output});
INSERT INTO results SELECT id, buyer.name, buyer.age FROM orders WHERE buyer.age > 20;
