-- feature: Casts | texts that Flink reads with less: '12' as a DATE, 'x' as a DECIMAL
-- verdict: different: Flink reads '12' as the year 12 and 'x' as 0; here TRY_CAST gives NULL
CREATE TABLE texts (id INT, s STRING) WITH (${input:texts});
CREATE TABLE results (id INT, d DATE, m DECIMAL(5, 2)) WITH (${output});
INSERT INTO results SELECT id, TRY_CAST(s AS DATE), TRY_CAST(s AS DECIMAL(5, 2)) FROM texts;
