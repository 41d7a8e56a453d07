-- feature: Time functions | CURRENT_TIMESTAMP, NOW(), CURRENT_DATE, RAND(), UUID()
-- verdict: refused: CURRENT_TIMESTAMP (a replay must give the same rows) is not supported yet
-- rows: 1
CREATE TABLE times (id INT) WITH (${input:times});
CREATE TABLE results (id INT, recent BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, CURRENT_TIMESTAMP > TO_TIMESTAMP_LTZ(0, 3) FROM times;
