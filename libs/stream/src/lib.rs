//! The embedded engine: contracts of sources, operators and sinks; watermarks; windows; checkpoints; the runtime.
//!
//! Not here: SQL (that is `sql`, which builds a [`Graph`]) and any one connector (they implement [`Connector`]).
//!
//! A [`Graph`] of nodes becomes tasks joined by bounded channels, so a slow sink slows the source down. Barriers flow
//! with the rows; when every task has passed barrier *e*, the coordinator writes one snapshot (positions, state,
//! counters, the rows no sink has committed yet), makes it durable, and only then lets the sinks commit epoch *e*,
//! one after the other.

mod builtin;
mod connector;
mod contract;
mod error;
mod exchange;
mod graph;
mod monitor;
mod operators;
mod pace;
mod runtime;
mod snapshot;
mod state;
mod succession;
mod watermark;

pub use builtin::{Blackhole, Datagen, Print};
pub use connector::{
    Column, ColumnKind, Connector, ConnectorContext, Connectors, OptionSpec, SourceFactory, TableSpec,
};
pub use contract::{
    Barrier, Claim, Commit, Held, Operator, Output, Polled, Sink, SinkCounters, SnapshotId, Source, TaskState,
};
pub use error::{ErrorKind, StreamError};
pub use graph::{
    Edge, Graph, Node, NodeId, NodeKind, OperatorFactory, Port, Routing, TaskIndex, WatermarkEmit,
};
pub use monitor::{
    CheckpointStatus, EventTimeStatus, Figures, GraphStatus, InputStatus, Monitor, OperatorKind,
    OperatorStatus, TapError,
};
pub use operators::{
    AggregateSpec, Calc, CalcRole, CalcStep, FirstRow, JoinKind, JoinSide, RankOrder, RunningAggregate,
    SessionOutput, SessionWindow, WindowAggregate, WindowAssign, WindowColumn, WindowJoin, WindowRank,
    WindowShape, Windowing,
};
pub use pace::Pace;
pub use runtime::{Progress, RunOptions, RunReport, Savepoints, run};
pub use snapshot::SnapshotStore;
pub use state::{Entry, KeyGroup, KeyedState, StateBackend};
pub use succession::{OutOfOrder, Verdict};
