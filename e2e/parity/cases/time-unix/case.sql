-- feature: Time functions | UNIX_TIMESTAMP, FROM_UNIXTIME, TO_DATE
-- verdict: refused: function UNIX_TIMESTAMP
-- rows: 1
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE times (id INT, s STRING) WITH (${input:times});
CREATE TABLE results (id INT, n BIGINT, t STRING, d DATE) WITH (${output});
INSERT INTO results SELECT id, UNIX_TIMESTAMP(s), FROM_UNIXTIME(0), TO_DATE('2024-02-29') FROM times;
