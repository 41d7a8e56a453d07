//! A connector that only says what it was asked.

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use event::Position;
use std::sync::Arc;
use stream::{
    Claim, Commit, Connector, ConnectorContext, Connectors, ErrorKind, OptionSpec, Polled, Sink,
    SinkCounters, Source, SourceFactory, StreamError, TableSpec, TaskIndex,
};

pub(super) struct Fake;

pub(super) fn connectors() -> Connectors {
    Connectors::default().with(Fake)
}

pub(super) fn context() -> ConnectorContext {
    ConnectorContext {
        pipeline: "p".into(),
        base_dir: ".".into(),
        connect_timeout: std::time::Duration::from_secs(1),
        batch_rows_max: 100,
        rows_per_second_max: None,
    }
}

#[async_trait]
impl Connector for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[
            OptionSpec { name: "path", required: true, help: "where" },
            OptionSpec { name: "format", required: false, help: "how" },
            OptionSpec { name: "properties.*", required: false, help: "more" },
        ]
    }

    fn takes_changes(&self, table: &TableSpec) -> bool {
        !table.primary_key.is_empty()
    }

    async fn check_source(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        match table.options.get("format") {
            Some(format) if format == "odd" => {
                Err(StreamError::config("option 'format' = 'odd': no such format"))
            }
            _ => Ok(()),
        }
    }

    async fn check_sink(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        match table.primary_key.is_empty() {
            true => Ok(()),
            false => Err(StreamError::config("it takes no key")),
        }
    }

    async fn source(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        if table.options["path"] == "nowhere" {
            return Err(StreamError::config("there is no such file"));
        }
        Ok(Arc::new(Fake))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        Ok(Box::new(FakeSink(table.name.clone())))
    }
}

impl SourceFactory for Fake {
    fn create(&self, _task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        Ok(Box::new(Fake))
    }

    fn bounded(&self) -> bool {
        true
    }
}

#[async_trait]
impl Source for Fake {
    async fn seek(&mut self, _from: Option<&Position>) -> Result<Position, StreamError> {
        Ok(Position::default())
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        Ok(Polled::End)
    }

    async fn commit(&mut self, _position: &Position) -> Result<(), StreamError> {
        Ok(())
    }
}

struct FakeSink(String);

#[async_trait]
impl Sink for FakeSink {
    fn name(&self) -> &str {
        &self.0
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        Ok(None)
    }

    async fn commit(&mut self, _commit: &Commit, _rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        Err(StreamError::new(ErrorKind::Internal, "nothing runs here"))
    }
}
