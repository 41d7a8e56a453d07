//! Wires the nodes of a graph into tasks: channels between them, operators restored, sources put in place.

use super::RunOptions;
use super::channel::{CHANNEL_MESSAGES, Inputs, Receivers};
use super::coordinator::{Report, Reporter};
use super::fit::signature;
use super::operator_task::OperatorTask;
use super::outputs::{OutEdge, Outputs};
use super::sink_task::SinkTask;
use super::source_task::{Control, SourceTask, saved_watermarks};
use super::start::{NodeRole, RunningNode};
use crate::monitor::{Metered, TaskMeter};
use crate::snapshot::{NodeState, Snapshot};
use crate::watermark::WatermarkTracker;
use crate::{Graph, Node, NodeKind, Operator, Routing, StreamError, TaskIndex};
use event::Position;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};

pub(super) type TaskFuture = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// What wiring makes.
pub(super) struct Builder<'a> {
    options: &'a RunOptions,
    pub nodes: Vec<RunningNode>,
    pub controls: Vec<mpsc::UnboundedSender<Control>>,
    pub control_nodes: Vec<usize>,
    sender: mpsc::Sender<Report>,
    pub reports: mpsc::Receiver<Report>,
    pub early: Arc<Notify>,
    pub committing: watch::Sender<bool>,
    pub futures: Vec<TaskFuture>,
}

/// The channels of every task of the graph, before the tasks take them.
struct Wiring {
    /// By node and task.
    inputs: Vec<Vec<Receivers>>,
    outputs: Vec<Vec<Outputs>>,
}

impl<'a> Builder<'a> {
    pub fn new(options: &'a RunOptions) -> Self {
        let (sender, reports) = mpsc::channel(64);
        Self {
            options,
            nodes: Vec::new(),
            controls: Vec::new(),
            control_nodes: Vec::new(),
            sender,
            reports,
            early: Arc::new(Notify::new()),
            committing: watch::Sender::new(false),
            futures: Vec::new(),
        }
    }

    /// Returns where each source begins.
    pub async fn build(
        &mut self,
        graph: Graph,
        restored: Option<&Snapshot>,
    ) -> Result<BTreeMap<String, Position>, StreamError> {
        let mut wiring = wire(&graph, self.options);
        let mut positions = BTreeMap::new();
        for (index, node) in graph.nodes.into_iter().enumerate() {
            let inputs = std::mem::take(&mut wiring.inputs[index]);
            let outputs = std::mem::take(&mut wiring.outputs[index]);
            let saved = restored.and_then(|snapshot| snapshot.nodes.get(&node.id));
            let role = match &node.kind {
                NodeKind::Source { .. } => NodeRole::Source,
                NodeKind::Operator(_) => NodeRole::Operator,
                NodeKind::Sink(_) => NodeRole::Sink,
            };
            let (id, label, signature) = (node.id.clone(), node.label.clone(), signature(&node));
            self.nodes.push(RunningNode { id, label, role, signature, tasks: node.parallelism });
            match role {
                NodeRole::Source => {
                    let id = node.id.clone();
                    positions.insert(id, self.source(index, node, outputs, saved).await?);
                }
                NodeRole::Operator => self.operator(index, node, inputs, outputs, restored)?,
                NodeRole::Sink => self.sink(index, inputs),
            }
        }
        Ok(positions)
    }

    async fn source(
        &mut self,
        index: usize,
        node: Node,
        outputs: Vec<Outputs>,
        saved: Option<&NodeState>,
    ) -> Result<Position, StreamError> {
        let NodeKind::Source { factory, computed, watermark, emit, idle_timeout } = node.kind else {
            return Err(StreamError::internal("no source"));
        };
        let watermarks = saved_watermarks(saved.map_or(&[], |state| &state.tasks))?;
        let mut all = Position::default();
        for (task, outputs) in outputs.into_iter().enumerate() {
            let meter = outputs.meter.clone();
            let mut source = factory.create(TaskIndex { index: task, count: node.parallelism })?;
            let position = source.seek(saved.map(|state| &state.position)).await?;
            all.merge(&position);
            let (control, commands) = mpsc::unbounded_channel();
            self.controls.push(control);
            self.control_nodes.push(index);
            let mut task = SourceTask {
                source,
                computed: computed.clone(),
                watermark: watermark.clone(),
                emit,
                tracker: WatermarkTracker::new(&position, &watermarks, idle_timeout),
                position,
                control: commands,
                outputs,
                reporter: self.reporter(index),
                records: 0,
                dead: 0,
                ended: false,
                told: None,
            };
            // Who has no partitions is idle before anybody's rows: what is late must not depend on who runs first.
            let told = task.tell_time().await;
            told.map_err(|_| StreamError::internal("nobody listens to a source"))?;
            self.spawn(meter, task.run());
        }
        Ok(all)
    }

    fn operator(
        &mut self,
        index: usize,
        node: Node,
        inputs: Vec<Receivers>,
        outputs: Vec<Outputs>,
        restored: Option<&Snapshot>,
    ) -> Result<(), StreamError> {
        let NodeKind::Operator(factory) = node.kind else { return Err(StreamError::internal("no operator")) };
        let create = |index| {
            let task = TaskIndex { index, count: node.parallelism };
            let mut operator = factory.create(task)?;
            if factory.keeps_keyed_state() {
                operator.open(self.options.state_backend.open(&node.id, task)?)?;
            }
            Ok(operator)
        };
        let mut operators = (0..node.parallelism).map(create).collect::<Result<Vec<_>, StreamError>>()?;
        if let Some(snapshot) = restored {
            self.restore(&node.id, snapshot, &mut operators)?;
        }
        for ((operator, inputs), outputs) in operators.into_iter().zip(inputs).zip(outputs) {
            let (reporter, meter) = (self.reporter(index), outputs.meter.clone());
            let task = OperatorTask { operator, inputs: Inputs::new(inputs), outputs, reporter };
            self.spawn(meter, task.run());
        }
        Ok(())
    }

    /// Gives every task of a node the states of all of them, the oldest that the snapshot builds on first.
    fn restore(
        &self,
        id: &str,
        snapshot: &Snapshot,
        operators: &mut [Box<dyn Operator>],
    ) -> Result<(), StreamError> {
        let Some(newest) = snapshot.nodes.get(id).filter(|state| !state.tasks.is_empty()) else {
            return Ok(());
        };
        let mut restore = |state: &NodeState| operators.iter_mut().try_for_each(|o| o.restore(&state.tasks));
        if let Some(since) = newest.since() {
            for older in self.options.store.built_on(snapshot, since) {
                let read = self.options.store.read(&older)?;
                let read = read.ok_or_else(|| {
                    StreamError::internal(format!("snapshot {} is gone since it was looked at", older.0))
                })?;
                read.nodes.get(id).map_or(Ok(()), &mut restore)?;
            }
        }
        restore(newest)
    }

    fn sink(&mut self, index: usize, inputs: Vec<Receivers>) {
        for (task, inputs) in inputs.into_iter().enumerate() {
            let meter = self.options.monitor.meter(index, task);
            let task = SinkTask {
                inputs: Inputs::new(inputs),
                meter: meter.clone(),
                reporter: self.reporter(index),
                pending_bytes_max: self.options.pending_bytes_max,
                early: self.early.clone(),
                committing: self.committing.subscribe(),
            };
            self.spawn(meter, task.run());
        }
    }

    fn spawn(&mut self, meter: Arc<TaskMeter>, task: impl Future<Output = ()> + Send + 'static) {
        self.futures.push(Box::pin(Metered { future: Box::pin(task), meter }));
    }

    fn reporter(&self, node: usize) -> Reporter {
        Reporter { node, sender: self.sender.clone() }
    }
}

fn wire(graph: &Graph, options: &RunOptions) -> Wiring {
    let per_task = |node: &Node| (0..node.parallelism).map(|_| Vec::new()).collect::<Vec<_>>();
    let no_outputs = |(index, node): (usize, &Node)| {
        let outputs = |task| Outputs { edges: Vec::new(), meter: options.monitor.meter(index, task) };
        (0..node.parallelism).map(outputs).collect::<Vec<_>>()
    };
    let mut wiring = Wiring {
        inputs: graph.nodes.iter().map(per_task).collect(),
        outputs: graph.nodes.iter().enumerate().map(no_outputs).collect(),
    };
    for (to, node) in graph.nodes.iter().enumerate() {
        for (number, edge) in node.inputs.iter().enumerate() {
            for from_task in 0..graph.nodes[edge.from].parallelism {
                let targets = match edge.routing {
                    Routing::Forward => from_task..from_task + 1,
                    Routing::Hash(_) => 0..node.parallelism,
                    Routing::Gather => 0..1,
                };
                let mut senders = Vec::new();
                for target in targets {
                    let (sender, receiver) = mpsc::channel(CHANNEL_MESSAGES);
                    wiring.inputs[to][target].push((number, receiver));
                    senders.push(sender);
                }
                let out = OutEdge { port: edge.port, routing: edge.routing.clone(), senders };
                wiring.outputs[edge.from][from_task].edges.push(out);
            }
        }
    }
    wiring
}
