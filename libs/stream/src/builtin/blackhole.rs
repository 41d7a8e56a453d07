//! Swallows rows, and counts them.

use super::refuse_metadata;
use crate::{
    Claim, Commit, Connector, ConnectorContext, OptionSpec, Sink, SinkCounters, SourceFactory, StreamError,
    TableSpec,
};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use std::sync::Arc;

/// Flink's `blackhole`. At least once, without memory: the count begins again with the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blackhole;

#[async_trait]
impl Connector for Blackhole {
    fn name(&self) -> &'static str {
        "blackhole"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn takes_changes(&self, _table: &TableSpec) -> bool {
        true
    }

    async fn check_source(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        self.source(table, context).await.map(drop)
    }

    async fn check_sink(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        self.sink(table, context).await.map(drop)
    }

    async fn source(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let problem = "the blackhole connector can only be written to";
        Err(StreamError::config(format!("table {}: {problem}", table.name)))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        refuse_metadata(table, "blackhole")?;
        Ok(Box::new(BlackholeSink { name: table.name.clone(), counters: SinkCounters::default() }))
    }
}

/// At least once, without memory.
struct BlackholeSink {
    name: String,
    counters: SinkCounters,
}

#[async_trait]
impl Sink for BlackholeSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        Ok(None)
    }

    async fn commit(&mut self, _commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        self.counters.committed += rows.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        Ok(self.counters)
    }
}
