-- feature: Conditional functions | CASE in both forms, without ELSE, with NULL, of mixed number types
-- verdict: same
-- rows: 5
CREATE TABLE numbers (id INT, i INT, s STRING) WITH (${input:numbers});
CREATE TABLE results (id INT, a STRING, b INT, c STRING, d DECIMAL(20, 5), e DOUBLE) WITH (${output});
INSERT INTO results SELECT id,
  CASE i WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END,
  CASE WHEN i > 1 THEN i END,
  CASE s WHEN NULL THEN 'null' WHEN '' THEN 'empty' ELSE s END,
  CASE WHEN i = 1 THEN 1 WHEN i = 2 THEN 2.5 ELSE 12345678901 END,
  CASE WHEN i = 1 THEN 1.5E0 ELSE i END
FROM numbers;
