//! Where a task's results go.

use super::channel::Message;
use crate::exchange;
use crate::monitor::{TaskMeter, Wait};
use crate::{Output, Port, Routing, StreamError};
use arrow::record_batch::RecordBatch;
use event::dead_letters_to_batch;
use std::sync::Arc;
use tokio::sync::mpsc;

/// One edge as its sending task sees it: the channels to the tasks behind it.
pub(super) struct OutEdge {
    pub port: Port,
    pub routing: Routing,
    pub senders: Vec<mpsc::Sender<Message>>,
}

/// All edges that leave one task. Sending waits while a receiver is full: that is the backpressure.
pub(super) struct Outputs {
    pub edges: Vec<OutEdge>,
    pub meter: Arc<TaskMeter>,
}

/// The receiver is gone, so the run is ending; whoever ended first has told the coordinator why.
#[derive(Debug)]
pub(super) struct Closed;

/// Why a task stops early.
pub(super) enum Stop {
    Closed,
    Failed(StreamError),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<StreamError> for Stop {
    fn from(error: StreamError) -> Self {
        Self::Failed(error)
    }
}

impl Outputs {
    /// Sends rows and dead letters and leaves `output` empty.
    pub async fn send(&self, output: &mut Output) -> Result<(), Stop> {
        for batch in output.rows.drain(..) {
            self.meter.sent(&batch);
            self.rows(Port::Rows, batch).await?;
        }
        if !output.dead.is_empty() {
            let letters = dead_letters_to_batch(&output.dead);
            self.meter.set_aside(output.dead.len());
            output.dead.clear();
            self.rows(Port::Dead, letters).await?;
        }
        Ok(())
    }

    async fn rows(&self, port: Port, batch: RecordBatch) -> Result<(), Stop> {
        for edge in self.edges.iter().filter(|edge| edge.port == port) {
            match &edge.routing {
                Routing::Forward | Routing::Gather => {
                    self.message(&edge.senders[0], Message::Rows(batch.clone())).await?
                }
                Routing::Hash(keys) => {
                    let parts = exchange::split(batch.clone(), keys, edge.senders.len())?;
                    for (sender, part) in edge.senders.iter().zip(parts) {
                        if let Some(part) = part {
                            self.message(sender, Message::Rows(part)).await?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends to every task behind every edge.
    pub async fn broadcast(&self, message: Message) -> Result<(), Closed> {
        match message {
            Message::Watermark(watermark) => self.meter.at(watermark),
            Message::Idle => self.meter.time_idle(),
            Message::Rows(_) | Message::Barrier(_) | Message::End => {}
        }
        for sender in self.edges.iter().flat_map(|edge| &edge.senders) {
            self.message(sender, message.clone()).await?;
        }
        Ok(())
    }

    async fn message(&self, sender: &mpsc::Sender<Message>, message: Message) -> Result<(), Closed> {
        self.meter.waiting(Wait::Output, sender.send(message)).await.map_err(|_| Closed)
    }
}
