-- feature: Casts | TRY_CAST gives NULL for what does not convert
-- verdict: same
-- rows: 6
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, i INT, d DOUBLE, b BOOLEAN, t TIMESTAMP(3), dt DATE) WITH (${output});
INSERT INTO results SELECT id, TRY_CAST(s AS INT), TRY_CAST(s AS DOUBLE), TRY_CAST(s AS BOOLEAN), TRY_CAST(s AS TIMESTAMP(3)), TRY_CAST(s AS DATE) FROM texts;
