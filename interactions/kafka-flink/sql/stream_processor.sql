-- Events per key in event-time windows: how many, their sum, mean and maximum.
-- The flags of stream_processor fill the parameters; `--render` prints the script as Flink takes it.

SET 'execution.checkpointing.interval' = '${checkpoint_interval_ms} ms';
SET 'table.local-time-zone' = 'UTC';
-- A partition that has nothing new for this long does not hold windows open.
SET 'table.exec.source.idle-timeout' = '2 s';

CREATE TABLE events (
  event_id   BIGINT,
  event_key  STRING,
  amount     DOUBLE,
  event_time TIMESTAMP_LTZ(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND
) WITH (
  ${source_options}
);

CREATE TABLE events_per_key (
  window_start TIMESTAMP(3),
  window_end   TIMESTAMP(3),
  event_key    STRING,
  events       BIGINT,
  total        DOUBLE,
  mean         DOUBLE,
  largest      DOUBLE${sink_key}
) WITH (
  ${sink_options}
);

INSERT INTO events_per_key
SELECT window_start, window_end, event_key, COUNT(*), SUM(amount), AVG(amount), MAX(amount)
FROM TABLE(${window})
GROUP BY window_start, window_end, event_key;
