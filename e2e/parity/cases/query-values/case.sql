-- feature: Queries | VALUES
-- verdict: refused: VALUES is not supported yet
-- rows: 2
CREATE TABLE result (id INT, s STRING) WITH (${output});
INSERT INTO result VALUES (1, 'x'), (2, 'y');
