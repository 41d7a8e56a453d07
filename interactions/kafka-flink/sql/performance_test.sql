-- Every event becomes one row, as it is: what is measured is the way, not a computation.
-- `due_us` is when the event was to be sent and `sent_us` when it was, both in microseconds since 1970.

SET 'execution.checkpointing.interval' = '${checkpoint_interval_ms} ms';
SET 'table.local-time-zone' = 'UTC';

CREATE TABLE load_events (
  seq        BIGINT,
  event_key  STRING,
  amount     DOUBLE,
  due_us     BIGINT,
  sent_us    BIGINT,
  event_time AS TO_TIMESTAMP_LTZ(due_us / 1000, 3),
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH (
  ${source_options}
);

-- No primary key: a row that came twice must show. Flink's own JDBC sink knows no TIMESTAMP_LTZ.
CREATE TABLE load_rows (
  seq        BIGINT,
  event_key  STRING,
  amount     DOUBLE,
  due_us     BIGINT,
  sent_us    BIGINT,
  event_time TIMESTAMP(3)
) WITH (
  ${sink_options}
);

INSERT INTO load_rows
SELECT seq, event_key, amount, due_us, sent_us, CAST(event_time AS TIMESTAMP(3)) FROM load_events;
