//! The sample stream: what there is to see when nothing is configured.

use crate::events::{EventShape, Events};
use crate::services::failure;
use devservices::{GroupPacer, PARTITION_UNREAD_BYTES_MAX};
use kafka::{KafkaSettings, Producer, ProducerConfig};
use service::Failure;
use std::time::Duration;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

/// The stream begins this far in the past, so that windows close at once.
const HISTORY: Duration = Duration::from_secs(120);
/// Event time between two events, in history and live.
const EVERY: Duration = Duration::from_millis(10);

/// Produces `HISTORY` at full speed, if asked for, and then goes on in real time, never ahead of `group` by more than the
/// embedded broker keeps.
pub async fn produce_sample(
    bootstrap: &str,
    topic: &str,
    group: &str,
    history: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let settings = KafkaSettings::new(bootstrap);
    let producer = Producer::connect(ProducerConfig::new("sample", settings)).await.map_err(of_kafka)?;
    let pacer =
        GroupPacer::start(bootstrap, group, topic, PARTITION_UNREAD_BYTES_MAX).await.map_err(failure)?;
    let mut events = Events::new(EventShape::default());
    let begun = Instant::now();
    let history = if history { HISTORY } else { Duration::ZERO };
    let first_ms = resilience::clock::now_ms() - history.as_millis() as i64;
    let mut tick = interval(EVERY);
    let mut sent: u32 = 0;
    while !stop.is_cancelled() {
        let at = EVERY * sent;
        if at > history + begun.elapsed() {
            tick.tick().await;
            continue;
        }
        let event = events.next(first_ms + at.as_millis() as i64);
        // The key decides the partition, so any of them may be the fullest.
        for partition in 0..pacer.partitions() {
            tokio::select! {
                () = pacer.pacer().admit(partition, event.payload.len() / pacer.partitions() as usize) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
        producer
            .send(topic, Some(event.key.as_bytes()), Some(&event.payload), None)
            .await
            .map_err(of_kafka)?;
        sent = sent.wrapping_add(1);
    }
    Ok(())
}

/// A client error of Kafka as the program's.
pub fn of_kafka(error: kafka::KafkaError) -> Failure {
    crate::failure::of_stream(error.into())
}
