//! The sample stream: what there is to see when nothing is configured.

use crate::events::{EventShape, Events};
use crate::processor_args::ProcessorArgs;
use crate::services::{Services, failure};
use devservices::{GroupPacer, PARTITION_UNREAD_BYTES_MAX};
use kafka::{KafkaSettings, Producer, ProducerConfig};
use service::{Context, Failure};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The stream begins this far in the past, so that windows close at once.
const HISTORY: Duration = Duration::from_secs(120);
/// Event time between two events, in history and live.
const EVERY: Duration = Duration::from_millis(10);
/// How long the brokers may take to acknowledge the history.
const HISTORY_MAX: Duration = Duration::from_secs(30);

/// A running stream; dropping it ends it.
pub struct Sample {
    task: AbortOnDropHandle<()>,
    history: oneshot::Receiver<()>,
}

impl Sample {
    /// Feeds the Kafka that dev services gave; none where they gave none.
    pub fn start(args: &ProcessorArgs, services: &Services, ctx: &Context) -> Option<Self> {
        let (told, history) = oneshot::channel();
        let stream = Stream {
            bootstrap: services.sample_broker()?,
            topic: args.kafka_topic.clone(),
            group: args.kafka_group_id.clone(),
            history: if services.topic_is_new { HISTORY } else { Duration::ZERO },
        };
        let stop = ctx.shutdown.token().clone();
        let task = tokio::spawn(async move {
            if let Err(error) = stream.produce(told, stop).await {
                tracing::error!(%error, "the sample stream stopped");
            }
        });
        Some(Self { task: AbortOnDropHandle::new(task), history })
    }

    /// Waits until the brokers have the history, or the stream has failed, which is in the log.
    pub async fn history(&mut self) {
        // The sender is gone without a word when the stream has failed.
        let _ = (&mut self.history).await;
    }

    /// Its clients are gone before their broker goes.
    pub async fn end(self) {
        self.task.abort();
        // Aborted, or ended by itself; a failure is in the log.
        let _ = self.task.await;
    }
}

struct Stream {
    bootstrap: String,
    topic: String,
    group: String,
    history: Duration,
}

impl Stream {
    /// Produces the history at full speed, says so, and then goes on in real time, never ahead of the group by more than
    /// the embedded broker keeps.
    async fn produce(self, told: oneshot::Sender<()>, stop: CancellationToken) -> Result<(), Failure> {
        let Self { bootstrap, topic, group, history } = self;
        // Samples may repeat; a person waits for the first of them.
        let config = ProducerConfig {
            idempotent: false,
            ..ProducerConfig::new("sample", KafkaSettings::new(&bootstrap))
        };
        let producer = Producer::connect(config).await.map_err(of_kafka)?;
        let pacer = GroupPacer::start(&bootstrap, &group, &topic, PARTITION_UNREAD_BYTES_MAX)
            .await
            .map_err(failure)?;
        let mut events = Events::new(EventShape::default());
        let begun = Instant::now();
        let first_ms = resilience::clock::now_ms() - history.as_millis() as i64;
        let mut told = Some(told);
        let mut tick = interval(EVERY);
        let mut sent: u32 = 0;
        while !stop.is_cancelled() {
            let at = EVERY * sent;
            if at >= history
                && let Some(told) = told.take()
            {
                producer.flush(HISTORY_MAX).await.map_err(of_kafka)?;
                // Not everyone waits for it.
                let _ = told.send(());
            }
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
            let (key, value) = (Some(event.key.as_bytes()), Some(&*event.payload));
            producer.send(&topic, key, value, None).await.map_err(of_kafka)?;
            sent = sent.wrapping_add(1);
        }
        Ok(())
    }
}

/// A client error of Kafka as the program's.
pub fn of_kafka(error: kafka::KafkaError) -> Failure {
    crate::failure::of_stream(error.into())
}
