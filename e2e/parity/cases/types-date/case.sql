-- feature: Types | DATE, leap days and both ends of the calendar
-- verdict: same
-- rows: 6
CREATE TABLE days (id INT, d DATE) WITH (${input:days});
CREATE TABLE result (id INT, d DATE) WITH (${output});
INSERT INTO result SELECT id, d FROM days;
