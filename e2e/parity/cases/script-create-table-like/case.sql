-- feature: Scripts | CREATE TABLE … LIKE
-- verdict: refused: CREATE TABLE … LIKE is not supported yet
-- rows: 1
CREATE TABLE orders (id INT) WITH (${input:orders});
CREATE TABLE more (twice AS id * 2) LIKE orders;
CREATE TABLE results (id INT, twice INT) WITH (${output});
INSERT INTO results SELECT id, twice FROM more;
