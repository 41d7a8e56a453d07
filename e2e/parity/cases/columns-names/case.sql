-- feature: Tables and columns | names in backticks: reserved words, spaces, dots, quotes, other scripts; case counts
-- verdict: same
-- rows: 1
CREATE TABLE orders (`select` INT, `order by` STRING, `a.b` STRING, `Größe` INT, `größe` INT, `it's` STRING, `漢字` STRING) WITH (${input:orders});
CREATE TABLE results (`select` INT, `order by` STRING, `a.b` STRING, `Größe` INT, `größe` INT, `it's` STRING, `漢字` STRING) WITH (${output});
INSERT INTO results SELECT `select`, `order by`, `a.b`, `Größe`, orders.`größe`, `it's`, `漢字` FROM orders;
