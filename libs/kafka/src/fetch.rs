//! The thread that takes messages from the client library and hands them over in chunks.
//!
//! Memory is bounded: the library prefetches up to `queued.max.messages.kbytes`, and the channel holds
//! [`CHUNKS_MAX`] chunks. While the reader is slow the chunks grow, up to their limit; while it is fast they are small
//! and early.

use crate::KafkaError;
use crate::chunk::{CHUNK_BYTES_MAX, Chunk, Slot};
use crate::connection::{Connection, Session};
use crate::native::{Message, MessageQueue, Watermarks};
use crate::partition::TopicPartition;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::RDKafkaErrorCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Chunks that may wait for the reader.
const CHUNKS_MAX: usize = 4;
/// How long the thread sleeps at most before it looks whether it should end.
const IDLE_WAIT: Duration = Duration::from_millis(100);

/// What the thread has to say.
#[derive(Debug)]
pub(crate) enum Fetched {
    Chunk(Chunk),
    /// Everything before `offset` was handed over, and there is nothing more for now.
    CaughtUp {
        slot: Arc<Slot>,
        offset: i64,
    },
    /// The last word.
    Failed(KafkaError),
}

/// A running thread; dropping this ends it.
pub(crate) struct Fetcher {
    received: mpsc::Receiver<Fetched>,
    stop: Arc<AtomicBool>,
    connection: Arc<Connection>,
}

/// What a chunk may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkLimits {
    pub rows_max: usize,
    pub with_timestamps: bool,
}

impl Fetcher {
    pub fn start(
        consumer: Arc<BaseConsumer<Session>>,
        connection: Arc<Connection>,
        limits: ChunkLimits,
    ) -> Result<Self, KafkaError> {
        let (sender, received) = mpsc::channel(CHUNKS_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let (thread_stop, closing) = (stop.clone(), connection.clone());
        let run = move || {
            let queue = MessageQueue::new(consumer.clone());
            let gather =
                Gather { limits, sender, chunks: Vec::new(), last: 0, watermarks: Watermarks::new(consumer) };
            run(queue, gather, &connection, &thread_stop);
        };
        std::thread::Builder::new()
            .name("kafka-fetch".into())
            .spawn(run)
            .map_err(|cause| KafkaError::Internal(format!("no thread to read kafka with: {cause}")))?;
        Ok(Self { received, stop, connection: closing })
    }

    /// # Cancel safety
    /// A dropped future takes nothing.
    pub async fn next(&mut self) -> Fetched {
        self.received.recv().await.unwrap_or_else(|| {
            Fetched::Failed(KafkaError::Internal("the thread that reads kafka ended unexpectedly".into()))
        })
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.connection.close();
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The reader is gone or was told the end: no reason to go on.
struct Done;

fn run(mut queue: MessageQueue, mut gather: Gather, connection: &Connection, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        queue.serve_events(connection);
        let fatal = connection.heard().fatal.clone();
        if let Some(reason) = fatal {
            gather.fail(KafkaError::Fatal(reason));
            return;
        }
        // Something gathered must not wait for something new.
        let wait = if gather.is_empty() { IDLE_WAIT } else { Duration::ZERO };
        let mut messages = queue.take(wait);
        let idle = messages.len() == 0;
        let mut answered = false;
        while let Some(message) = messages.next() {
            answered |= message.error().is_none_or(|code| code == RDKafkaErrorCode::PartitionEOF);
            if gather.take(&message).is_err() {
                return;
            }
        }
        drop(messages);
        if answered {
            connection.alive();
        }
        if gather.hand_over(idle).is_err() {
            return;
        }
    }
}

struct Gather {
    limits: ChunkLimits,
    sender: mpsc::Sender<Fetched>,
    chunks: Vec<Gathering>,
    /// The chunk the last record went to: messages come in runs of one partition.
    last: usize,
    watermarks: Watermarks,
}

struct Gathering {
    topic_key: usize,
    chunk: Chunk,
}

impl Gather {
    fn is_empty(&self) -> bool {
        self.chunks.iter().all(|gathering| gathering.chunk.len() == 0)
    }

    fn take(&mut self, message: &Message<'_>) -> Result<(), Done> {
        if let Some(code) = message.error() {
            return self.take_error(code, message);
        }
        let index = self.index_of(message)?;
        let gathering = &mut self.chunks[index];
        gathering.chunk.push(message, self.limits.with_timestamps);
        let full =
            gathering.chunk.len() >= self.limits.rows_max || gathering.chunk.bytes_len() >= CHUNK_BYTES_MAX;
        if full { self.send(index) } else { Ok(()) }
    }

    fn index_of(&mut self, message: &Message<'_>) -> Result<usize, Done> {
        let (topic_key, partition) = (message.topic_key(), message.partition());
        let fits = |g: &Gathering| g.topic_key == topic_key && g.chunk.slot.id.partition == partition;
        if self.chunks.get(self.last).is_some_and(fits) {
            return Ok(self.last);
        }
        self.last = match self.chunks.iter().position(fits) {
            Some(index) => index,
            None => {
                let Some(id) = message.topic_partition() else {
                    return Err(self.fail(KafkaError::Internal("a record without a topic".into())));
                };
                let chunk = Chunk::new(Slot::new(id), 0, 0);
                self.chunks.push(Gathering { topic_key, chunk });
                self.chunks.len() - 1
            }
        };
        Ok(self.last)
    }

    /// Waits for room.
    fn send(&mut self, index: usize) -> Result<(), Done> {
        if self.chunks[index].chunk.len() == 0 {
            return Ok(());
        }
        let chunk = self.replace(index);
        self.sender.blocking_send(Fetched::Chunk(chunk)).map_err(|_| Done)
    }

    /// Takes the chunk out and leaves an empty one of the size that was just right.
    fn replace(&mut self, index: usize) -> Chunk {
        let gathering = &mut self.chunks[index];
        let slot = gathering.chunk.slot.clone();
        let fresh = Chunk::new(slot, gathering.chunk.len(), gathering.chunk.bytes_len());
        let mut chunk = std::mem::replace(&mut gathering.chunk, fresh);
        chunk.high_watermark = self.watermarks.high(&chunk.slot.c_topic, chunk.slot.id.partition);
        chunk
    }

    /// Hands over what is there, as far as there is room; waits for room only when there is nothing else to do.
    fn hand_over(&mut self, idle: bool) -> Result<(), Done> {
        for index in 0..self.chunks.len() {
            if self.chunks[index].chunk.len() == 0 {
                continue;
            }
            // This thread is the only sender: room that is there stays there.
            if self.sender.capacity() == 0 && !idle {
                return Ok(());
            }
            self.send(index)?;
        }
        Ok(())
    }

    fn take_error(&mut self, code: RDKafkaErrorCode, message: &Message<'_>) -> Result<(), Done> {
        let (offset, reason) = (message.offset(), message.reason());
        let Some(partition) = message.topic_partition() else {
            return match code {
                RDKafkaErrorCode::Fatal => Err(self.fail(KafkaError::Fatal(reason))),
                // Not reading as a member, we need no group: progress is then not shown, and that is all.
                _ => {
                    tracing::debug!(%code, reason, "the group does not answer; reading does not depend on it");
                    Ok(())
                }
            };
        };
        match code {
            RDKafkaErrorCode::PartitionEOF => {
                let index = self.index_of(message)?;
                self.send(index)?;
                let slot = self.chunks[index].chunk.slot.clone();
                self.sender.blocking_send(Fetched::CaughtUp { slot, offset }).map_err(|_| Done)
            }
            _ => match stopping(code, partition, offset, reason) {
                Some(error) => Err(self.fail(error)),
                None => Ok(()),
            },
        }
    }

    /// Hands over what came before, then the error.
    fn fail(&mut self, error: KafkaError) -> Done {
        for index in 0..self.chunks.len() {
            if self.send(index).is_err() {
                return Done;
            }
        }
        let _gone_is_fine = self.sender.blocking_send(Fetched::Failed(error));
        Done
    }
}

/// The error that must end reading; `None`: the library tries again by itself.
fn stopping(
    code: RDKafkaErrorCode,
    partition: TopicPartition,
    offset: i64,
    reason: String,
) -> Option<KafkaError> {
    match code {
        RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
            Some(KafkaError::OffsetLost { partition, offset, reason })
        }
        RDKafkaErrorCode::UnknownTopic
        | RDKafkaErrorCode::UnknownTopicOrPartition
        | RDKafkaErrorCode::UnknownPartition => {
            Some(KafkaError::TopicGone { topic: partition.topic.to_string(), reason })
        }
        RDKafkaErrorCode::TopicAuthorizationFailed => Some(KafkaError::Forbidden(format!(
            "reading topic '{}' is not allowed for this user; grant READ in the brokers' access control lists",
            partition.topic
        ))),
        // The library would go on behind these records: that is loss.
        RDKafkaErrorCode::BadMessage
        | RDKafkaErrorCode::BadCompression
        | RDKafkaErrorCode::InvalidMessage
        | RDKafkaErrorCode::NotImplemented
        | RDKafkaErrorCode::Underflow
        | RDKafkaErrorCode::MessageSizeTooLarge => Some(KafkaError::Unreadable { partition, offset, reason }),
        RDKafkaErrorCode::Fatal => Some(KafkaError::Fatal(reason)),
        _ => {
            tracing::debug!(%code, %partition, reason, "trouble with a partition; trying again");
            None
        }
    }
}
