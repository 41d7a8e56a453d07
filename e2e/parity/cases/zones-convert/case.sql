-- feature: Time zones | CONVERT_TZ over the gap and the overlap of daylight saving
-- verdict: refused: function CONVERT_TZ
-- rows: 3
CREATE TABLE times (id INT, s STRING) WITH (${input:times});
CREATE TABLE results (id INT, a STRING, b STRING) WITH (${output});
INSERT INTO results SELECT id, CONVERT_TZ(s, 'UTC', 'Europe/Berlin'), CONVERT_TZ(s, 'America/New_York', 'UTC') FROM times;
