-- feature: Time functions | DATE_FORMAT of TIMESTAMP and DATE
-- verdict: same
-- rows: 4
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a STRING, b STRING, c STRING, d STRING) WITH (${output});
INSERT INTO results SELECT id, DATE_FORMAT(t, 'yyyy-MM-dd HH:mm:ss.SSS'), DATE_FORMAT(t, 'dd.MM.yyyy'), DATE_FORMAT(t, 'yyyyMMddHH'), DATE_FORMAT(t, 'HH''h''mm')
FROM times;
