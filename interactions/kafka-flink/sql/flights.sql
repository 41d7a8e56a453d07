-- Flights per carrier and scheduled hour: how many, how many of them left, and how late.
-- Cancelled flights have no delay: they count as flights and not in the means.

SET 'execution.checkpointing.interval' = '${checkpoint_interval_ms} ms';
SET 'table.local-time-zone' = 'UTC';

CREATE TABLE flights (
  carrier   STRING,
  dep_delay DOUBLE,
  scheduled TIMESTAMP_LTZ(3),
  WATERMARK FOR scheduled AS scheduled - INTERVAL '30' MINUTE
) WITH (
  ${source_options}
);

CREATE TABLE flights_per_carrier (
  window_start TIMESTAMP(3),
  window_end   TIMESTAMP(3),
  carrier      STRING,
  flights      BIGINT,
  departed     BIGINT,
  mean_delay   DOUBLE,
  max_delay    DOUBLE,
  PRIMARY KEY (window_start, carrier) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${postgres_url}',
  'table-name' = 'flights_per_carrier',
  'username' = '${postgres_user}',
  'password' = '${postgres_password}'
);

INSERT INTO flights_per_carrier
SELECT window_start, window_end, carrier, COUNT(*), COUNT(dep_delay), AVG(dep_delay), MAX(dep_delay)
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(scheduled), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, carrier;
