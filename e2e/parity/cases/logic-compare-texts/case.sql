-- feature: Comparison and logic | the order of texts: accents, emoji, case, beyond the basic plane
-- verdict: same
-- rows: 6
CREATE TABLE pairs (id INT, a STRING, b STRING) WITH (${input:pairs});
CREATE TABLE result (id INT, lt BOOLEAN, eq BOOLEAN, gt BOOLEAN) WITH (${output});
INSERT INTO result SELECT id, a < b, a = b, a > b FROM pairs;
