-- feature: Queries | VALUES
-- verdict: refused: VALUES is not supported yet
-- rows: 2
CREATE TABLE results (id INT, s STRING) WITH (${output});
INSERT INTO results VALUES (1, 'x'), (2, 'y');
