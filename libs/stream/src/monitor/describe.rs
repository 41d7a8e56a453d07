//! A graph as `/status` shows it.

use super::figures::Figures;
use crate::{Edge, Graph, Node, NodeKind, Port, Routing};
use event::Epoch;
use serde::Serialize;
use std::collections::VecDeque;

/// A running graph with its live figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GraphStatus {
    pub pipeline: String,
    /// The last committed epoch.
    pub epoch: Epoch,
    /// The epoch this run continued from; `None`: it started afresh.
    pub restored_from: Option<Epoch>,
    /// When the figures were taken, in ms since the epoch; `None`: not yet.
    pub sampled_at_ms: Option<i64>,
    /// In topological order.
    pub operators: Vec<OperatorStatus>,
    /// Newest first.
    pub checkpoints: VecDeque<CheckpointStatus>,
}

/// A node of the graph: a source, an operator or a sink.
#[derive(Clone, Debug, Serialize)]
pub struct OperatorStatus {
    /// Stable across restarts: state, metrics and `/tap` go by it.
    pub id: String,
    pub label: String,
    pub description: String,
    pub kind: OperatorKind,
    pub parallelism: usize,
    pub inputs: Vec<InputStatus>,
    #[serde(flatten)]
    pub figures: Figures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OperatorKind {
    Source,
    Operator,
    Sink,
}

/// An edge into a node.
#[derive(Clone, Debug, Serialize)]
pub struct InputStatus {
    /// The id of the operator it comes from.
    pub from: String,
    /// `rows` or `dead`.
    pub port: &'static str,
    /// `forward`, `hash` or `gather`.
    pub routing: &'static str,
    /// The columns of `hash`.
    pub columns: Vec<String>,
}

/// A committed epoch.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointStatus {
    pub epoch: Epoch,
    /// From the barrier to the last sink's commit.
    pub duration_ms: u64,
    /// Of its snapshot.
    pub bytes: u64,
    /// When the last sink had committed, in ms since the epoch.
    pub at_ms: i64,
}

pub(super) fn describe(pipeline: &str, graph: &Graph) -> GraphStatus {
    let operators = graph.nodes.iter().map(|node| operator(graph, node)).collect();
    GraphStatus { pipeline: pipeline.to_owned(), operators, ..GraphStatus::default() }
}

fn operator(graph: &Graph, node: &Node) -> OperatorStatus {
    OperatorStatus {
        id: node.id.clone(),
        label: node.label.clone(),
        description: node.description.clone(),
        kind: match node.kind {
            NodeKind::Source { .. } => OperatorKind::Source,
            NodeKind::Operator(_) => OperatorKind::Operator,
            NodeKind::Sink(_) => OperatorKind::Sink,
        },
        parallelism: node.parallelism,
        inputs: node.inputs.iter().map(|edge| input(graph, edge)).collect(),
        figures: Figures::default(),
    }
}

fn input(graph: &Graph, edge: &Edge) -> InputStatus {
    let from = &graph.nodes[edge.from];
    let (routing, columns) = match &edge.routing {
        Routing::Forward => ("forward", Vec::new()),
        Routing::Gather => ("gather", Vec::new()),
        Routing::Hash(columns) => {
            ("hash", columns.iter().map(|column| from.schema.field(*column).name().clone()).collect())
        }
    };
    let port = match edge.port {
        Port::Rows => "rows",
        Port::Dead => "dead",
    };
    InputStatus { from: from.id.clone(), port, routing, columns }
}
