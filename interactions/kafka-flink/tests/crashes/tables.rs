//! The tables of the scripts.

use crate::world::World;

/// In PostgreSQL; no key, so that nothing hides a duplicate.
pub const COPIED: &str = "CREATE TABLE copied (part int, off bigint, event_id bigint, event_key text, amount float8, \
                          event_time timestamptz)";
pub const PER_KEY: &str = "CREATE TABLE per_key (window_start timestamp, event_key text, events bigint, \
                           total float8, largest float8, PRIMARY KEY (window_start, event_key))";

/// What `test_producer` sends, with where it lies.
pub fn events(world: &World<'_>) -> String {
    format!(
        // No idle timeout: every partition always gets events, and one that is only cut off must hold windows open.
        "CREATE TABLE events (
           event_id BIGINT, event_key STRING, amount DOUBLE, event_time TIMESTAMP_LTZ(3),
           part INT METADATA FROM 'partition' VIRTUAL, off BIGINT METADATA FROM 'offset' VIRTUAL,
           WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND
         ) WITH ('connector' = 'kafka', 'topic' = '{}', 'properties.bootstrap.servers' = '{}',
           'properties.group.id' = 'crashes', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json');\n",
        world.source,
        world.bootstrap()
    )
}

pub fn copied(world: &World<'_>) -> String {
    format!(
        "CREATE TABLE copied (
           part INT, off BIGINT, event_id BIGINT, event_key STRING, amount DOUBLE, event_time TIMESTAMP_LTZ(3)
         ) WITH ({}, 'table-name' = 'copied');\n",
        world.jdbc()
    )
}

pub fn per_key(world: &World<'_>) -> String {
    format!(
        "CREATE TABLE per_key (
           window_start TIMESTAMP(3), event_key STRING, events BIGINT, total DOUBLE, largest DOUBLE,
           PRIMARY KEY (window_start, event_key) NOT ENFORCED
         ) WITH ({}, 'table-name' = 'per_key');\n",
        world.jdbc()
    )
}

pub fn forwarded(world: &World<'_>) -> String {
    format!(
        "CREATE TABLE forwarded (
           part INT, off BIGINT, event_id BIGINT, event_key STRING, amount DOUBLE
         ) WITH ('connector' = 'kafka', 'topic' = '{}', 'properties.bootstrap.servers' = '{}',
           'key.format' = 'json', 'key.fields' = 'event_key', 'format' = 'json',
           'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '{}');\n",
        world.target,
        world.bootstrap(),
        world.target
    )
}
