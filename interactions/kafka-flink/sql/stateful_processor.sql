-- What each key has come to, and each key when it comes for the first time.
-- The flags of stateful_processor fill the parameters; `--render` prints the script as Flink takes it.

SET 'execution.checkpointing.interval' = '${checkpoint_interval_ms} ms';
SET 'table.local-time-zone' = 'UTC';
SET 'state.backend.type' = '${state_backend}';
-- A key that had no event for this long, by the wall clock, is forgotten; 0: never.
SET 'table.exec.state.ttl' = '${state_ttl_ms} ms';

CREATE TABLE events (
  event_id   BIGINT,
  event_key  STRING,
  amount     DOUBLE,
  event_time TIMESTAMP_LTZ(3)
) WITH (
  ${source_options}
);

CREATE TABLE totals_per_key (
  event_key   STRING,
  events      BIGINT,
  total       DOUBLE,
  mean        DOUBLE,
  largest     DOUBLE,
  first_event TIMESTAMP_LTZ(3),
  last_event  TIMESTAMP_LTZ(3),
  PRIMARY KEY (event_key) NOT ENFORCED
) WITH (
  ${sink_options}
);

CREATE TABLE keys_seen (
  event_key STRING,
  PRIMARY KEY (event_key) NOT ENFORCED
) WITH (
  ${keys_seen_options}
);

INSERT INTO totals_per_key
SELECT event_key, COUNT(*), SUM(amount), AVG(amount), MAX(amount), MIN(event_time), MAX(event_time)
FROM events
WHERE event_key IS NOT NULL
GROUP BY event_key;

INSERT INTO keys_seen
SELECT DISTINCT event_key FROM events WHERE event_key IS NOT NULL;
