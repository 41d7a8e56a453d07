//! What a running graph shows of itself: figures per operator, the last checkpoints, sample rows.
//!
//! These are live: what tasks have done a moment ago, committed or not, since this run began. What became of every row,
//! as of a committed epoch and across restarts, is [`crate::Progress`].

mod describe;
mod figures;
mod meter;
mod sampler;
mod tap;

pub use describe::{CheckpointStatus, GraphStatus, InputStatus, OperatorKind, OperatorStatus};
pub use figures::{EventTimeStatus, Figures};
pub use tap::TapError;

pub(crate) use meter::{Metered, TaskMeter, Wait};
pub(crate) use sampler::Sampler;

use crate::Graph;
use describe::describe;
use event::Epoch;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tap::Tap;

/// Checkpoints that are shown.
const CHECKPOINTS_MAX: usize = 20;

/// The figures of one run. Clones share them: one goes into [`crate::RunOptions`], others to whoever looks.
#[derive(Clone, Default)]
pub struct Monitor {
    run: Arc<Mutex<Run>>,
}

/// What is known of the run; nothing before it begins.
#[derive(Default)]
struct Run {
    status: GraphStatus,
    operators: Vec<Operator>,
}

/// The tasks of one node.
#[derive(Clone)]
struct Operator {
    id: String,
    tasks: Vec<Arc<TaskMeter>>,
    tap: Arc<Tap>,
}

impl Monitor {
    /// Everything as of the last sample, which is taken each second.
    pub fn status(&self) -> GraphStatus {
        self.run().status.clone()
    }

    /// Up to `rows` rows that leave `operator` from now on (for a sink: that reach it) as JSON lines: those that came
    /// within `wait`, perhaps none.
    ///
    /// # Errors
    /// An unknown operator, with the known ones; or columns of a type that JSON cannot show.
    pub async fn tap(&self, operator: &str, rows: usize, wait: Duration) -> Result<String, TapError> {
        let found = self.run().operators.iter().find(|known| known.id == operator).cloned();
        match found {
            Some(found) => found.tap.sample(rows, wait).await,
            None => {
                let known = self.run().operators.iter().map(|operator| operator.id.clone()).collect();
                Err(TapError::Unknown { operator: operator.to_owned(), known })
            }
        }
    }

    /// Forgets an earlier run and watches this graph, for as long as the result is driven.
    pub(crate) fn watch(&self, pipeline: &str, graph: &Graph) -> Sampler {
        let operators: Vec<Operator> = graph
            .nodes
            .iter()
            .map(|node| {
                let tap = Arc::new(Tap::default());
                let meter = |_| Arc::new(TaskMeter::new(tap.clone()));
                Operator {
                    id: node.id.clone(),
                    tasks: (0..node.parallelism).map(meter).collect(),
                    tap: tap.clone(),
                }
            })
            .collect();
        let meters = operators.iter().map(|operator| operator.tasks.clone()).collect();
        *self.run() = Run { status: describe(pipeline, graph), operators };
        Sampler::new(self.clone(), meters)
    }

    /// Of a task of the graph that is being watched.
    pub(crate) fn meter(&self, node: usize, task: usize) -> Arc<TaskMeter> {
        self.run().operators[node].tasks[task].clone()
    }

    pub(crate) fn started(&self, epoch: Epoch, restored_from: Option<Epoch>) {
        let mut run = self.run();
        run.status.epoch = epoch;
        run.status.restored_from = restored_from;
    }

    pub(crate) fn committed(&self, checkpoint: CheckpointStatus) {
        let mut run = self.run();
        run.status.epoch = checkpoint.epoch;
        run.status.checkpoints.push_front(checkpoint);
        run.status.checkpoints.truncate(CHECKPOINTS_MAX);
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
