-- feature: Types | ROW columns and their fields
-- verdict: same
-- rows: 4
CREATE TABLE orders (id INT, buyer ROW<name STRING, address ROW<city STRING, zip INT>>) WITH (${input:orders});
CREATE TABLE results (id INT, name STRING, city STRING, zip INT, buyer ROW<name STRING, address ROW<city STRING, zip INT>>) WITH (${output});
INSERT INTO results SELECT id, o.buyer.name, o.buyer.address.city, o.buyer.address.zip + 1, buyer FROM orders AS o;
