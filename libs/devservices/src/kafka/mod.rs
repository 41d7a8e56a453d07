//! The embedded Kafka: librdkafka's mock cluster in a process of its own, and the pacing it needs.

mod broker;
mod discovery;
mod group_pacer;
mod handle;
mod pacer;

pub use broker::child_entry;
pub use discovery::Found;
pub use group_pacer::GroupPacer;
pub use handle::{DevProgram, EmbeddedKafka, KafkaOptions};
pub use pacer::{PARTITION_UNREAD_BYTES_MAX, Pacer};
