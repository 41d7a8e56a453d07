-- feature: Time functions | a DATE plus an INTERVAL
-- verdict: refused: DATE + INTERVAL
-- rows: 1
CREATE TABLE times (id INT, d DATE) WITH (${input:times});
CREATE TABLE results (id INT, a DATE) WITH (${output});
INSERT INTO results SELECT id, d + INTERVAL '1' DAY FROM times;
