//! What is to run: nodes and the edges between them.

use crate::{CalcStep, Operator, Sink, SourceFactory, StreamError};
use arrow::datatypes::SchemaRef;
use datafusion_physical_expr::PhysicalExpr;
use std::sync::Arc;
use std::time::Duration;

/// Index of a node in its graph.
pub type NodeId = usize;

/// One task among the equal tasks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskIndex {
    pub index: usize,
    pub count: usize,
}

/// Which of a node's outputs an edge carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    Rows,
    /// Dead letters as rows of [`event::dead_letter_schema`].
    Dead,
}

/// How rows find their task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routing {
    /// Task i to task i; both nodes have the same parallelism.
    Forward,
    /// By the hash of these columns: equal keys meet in one task. No columns: everything to task 0.
    Hash(Vec<usize>),
    /// Everything to the one task of a sink.
    Gather,
}

#[derive(Clone, Debug)]
pub struct Edge {
    pub from: NodeId,
    pub port: Port,
    pub routing: Routing,
}

/// When a source tells others its watermark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatermarkEmit {
    /// After each batch.
    #[default]
    PerBatch,
    /// As if after each row: a row meets the watermark of every row before it in its partition. The number is that of
    /// the rowtime column in the node's schema, a timestamp in ms or s.
    OnEvent(usize),
}

/// Makes the operator of one task.
pub trait OperatorFactory: Send + Sync {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Operator>, StreamError>;

    /// Whether its operators are to be given state by key.
    fn keeps_keyed_state(&self) -> bool {
        false
    }

    /// What its state means: state written under another signature is refused. Empty for operators without state.
    fn signature(&self) -> String {
        String::new()
    }
}

pub enum NodeKind {
    Source {
        factory: Arc<dyn SourceFactory>,
        /// Computed columns, applied to what the source yields; the node's schema is the result.
        computed: Vec<CalcStep>,
        /// The watermark of each row, a timestamp over the node's schema; `None`: no event time.
        watermark: Option<Arc<dyn PhysicalExpr>>,
        emit: WatermarkEmit,
        /// A partition that is caught up for this long no longer holds the watermark back; `None`: it always does.
        idle_timeout: Option<Duration>,
    },
    Operator(Arc<dyn OperatorFactory>),
    /// Always one task. `None` once the engine has taken it.
    Sink(Option<Box<dyn Sink>>),
}

pub struct Node {
    /// Stable name: state is found by it. Built from the script's own names, not from numbers that shift.
    pub id: String,
    /// What metrics call it: the source table's name, or the sink table's name of the query.
    pub label: String,
    /// What a person reads in a plan: `TUMBLE 1m by carrier: count(*), sum(delay)`.
    pub description: String,
    pub kind: NodeKind,
    pub inputs: Vec<Edge>,
    /// Schema of [`Port::Rows`].
    pub schema: SchemaRef,
    pub parallelism: usize,
}

/// Nodes in topological order: an edge only points to an earlier node. Sinks commit in the order they stand here.
#[derive(Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
}

impl Graph {
    pub fn add(&mut self, node: Node) -> NodeId {
        debug_assert!(node.inputs.iter().all(|e| e.from < self.nodes.len()));
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Sends the dead letters of every node into one more sink, which commits after all others.
    pub fn collect_dead_letters(&mut self, sink: Box<dyn Sink>) {
        let from = |(from, node): (NodeId, &Node)| match node.kind {
            NodeKind::Sink(_) => None,
            NodeKind::Source { .. } | NodeKind::Operator(_) => {
                Some(Edge { from, port: Port::Dead, routing: Routing::Gather })
            }
        };
        let inputs = self.nodes.iter().enumerate().filter_map(from).collect();
        self.add(Node {
            id: format!("sink:{}", sink.name()),
            label: sink.name().to_owned(),
            description: "dead letters and late rows".into(),
            kind: NodeKind::Sink(Some(sink)),
            inputs,
            schema: event::dead_letter_schema(),
            parallelism: 1,
        });
    }

    /// One line per node, for `--dry-run`.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let inputs: Vec<String> = node.inputs.iter().map(|edge| self.describe_edge(edge)).collect();
            let from = if inputs.is_empty() { String::new() } else { format!("  <- {}", inputs.join(", ")) };
            text.push_str(&format!(
                "{number}: {} x{}  {}{from}\n",
                node.id, node.parallelism, node.description
            ));
        }
        text
    }

    fn describe_edge(&self, edge: &Edge) -> String {
        let port = match edge.port {
            Port::Rows => "",
            Port::Dead => " dead letters",
        };
        let routing = match &edge.routing {
            Routing::Forward => String::new(),
            Routing::Gather => " gathered".into(),
            Routing::Hash(columns) => {
                let schema = &self.nodes[edge.from].schema;
                let names: Vec<&str> = columns.iter().map(|i| schema.field(*i).name().as_str()).collect();
                format!(" hashed by {}", names.join(", "))
            }
        };
        format!("{}{port}{routing}", edge.from)
    }
}
