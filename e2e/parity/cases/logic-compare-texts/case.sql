-- feature: Comparison and logic | the order of texts: accents and case
-- verdict: same
-- rows: 5
CREATE TABLE pairs (id INT, a STRING, b STRING) WITH (${input:pairs});
CREATE TABLE results (id INT, lt BOOLEAN, eq BOOLEAN, gt BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, a < b, a = b, a > b FROM pairs;
