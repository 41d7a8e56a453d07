-- feature: Queries | SELECT without FROM
-- verdict: refused: SELECT without FROM is not supported yet
-- rows: 1
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results SELECT 1, 'x';
