-- feature: Types | DATE, leap days and both ends of the calendar
-- verdict: same
-- rows: 6
CREATE TABLE days (id INT, d DATE) WITH (${input:days});
CREATE TABLE results (id INT, d DATE) WITH (${output});
INSERT INTO results SELECT id, d FROM days;
