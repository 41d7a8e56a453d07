-- feature: Time functions | DATE_FORMAT with names of days and months, am and pm, two-digit years
-- verdict: refused: pattern letter 'E' in this form
-- rows: 2
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH (${input:times});
CREATE TABLE results (id INT, a STRING) WITH (${output});
INSERT INTO results SELECT id, DATE_FORMAT(t, 'EEE, d MMM yy hh:mm a') FROM times;
