-- feature: Time functions | DATE '…' and TIMESTAMP '…', compared and selected
-- verdict: same
-- rows: 3
CREATE TABLE times (id INT, t TIMESTAMP(3), d DATE) WITH (${input:times});
CREATE TABLE results (id INT, a TIMESTAMP(3), b DATE, c BOOLEAN, e BOOLEAN) WITH (${output});
INSERT INTO results SELECT id, TIMESTAMP '2024-03-31 02:30:00.123', DATE '2024-02-29', t < TIMESTAMP '2024-03-31 02:30:00', d = DATE '2024-02-29' FROM times;
