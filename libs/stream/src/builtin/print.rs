//! Rows to the screen.

use super::{option, refuse_metadata, text};
use crate::{
    Claim, Commit, Connector, ConnectorContext, ErrorKind, OptionSpec, Sink, SinkCounters, SourceFactory,
    StreamError, TableSpec,
};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use std::io::{self, Write};
use std::sync::Arc;

/// Flink's `print`: `+I[1, AA, null]` for each row. At least once, without memory: after a crash rows may be printed
/// again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Print;

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "print-identifier",
        required: false,
        help: "stands before each row, as 'identifier> '",
    },
    OptionSpec { name: "standard-error", required: false, help: "'true' prints to stderr instead of stdout" },
];

#[async_trait]
impl Connector for Print {
    fn name(&self) -> &'static str {
        "print"
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
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
        let problem = "the print connector can only be written to";
        Err(StreamError::config(format!("table {}: {problem}", table.name)))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        refuse_metadata(table, "print")?;
        let identifier: Option<String> = option(table, "print-identifier", "a text")?;
        Ok(Box::new(PrintSink {
            name: table.name.clone(),
            prefix: identifier.filter(|i| !i.is_empty()).map(|i| format!("{i}> ")).unwrap_or_default(),
            to_stderr: option(table, "standard-error", "'true' or 'false'")?.unwrap_or(false),
            counters: SinkCounters::default(),
        }))
    }
}

/// At least once, without memory.
struct PrintSink {
    name: String,
    prefix: String,
    to_stderr: bool,
    counters: SinkCounters,
}

impl PrintSink {
    /// All rows of an epoch at once, so that nobody's line gets between them.
    fn print(&self, out: &mut dyn Write, rows: &[RecordBatch]) -> Result<(), StreamError> {
        let mut lines = Vec::new();
        for batch in rows {
            text::write_rows(batch, &self.prefix, &mut lines)?;
        }
        out.write_all(&lines).and_then(|()| out.flush()).map_err(|cause| match cause.kind() {
            io::ErrorKind::BrokenPipe => StreamError::because(
                ErrorKind::Io,
                format!("table {}: nobody reads the output any more", self.name),
                cause,
            ),
            _ => StreamError::io(format!("table {}: cannot print", self.name), cause),
        })
    }
}

#[async_trait]
impl Sink for PrintSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        Ok(None)
    }

    async fn commit(&mut self, _commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        if self.to_stderr {
            self.print(&mut io::stderr().lock(), rows)?;
        } else {
            self.print(&mut io::stdout().lock(), rows)?;
        }
        self.counters.committed += rows.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        Ok(self.counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array};

    fn rows() -> Vec<RecordBatch> {
        let column: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
        vec![RecordBatch::try_from_iter([("a", column)]).unwrap()]
    }

    fn sink(prefix: &str) -> PrintSink {
        PrintSink {
            name: "out".into(),
            prefix: prefix.into(),
            to_stderr: false,
            counters: SinkCounters::default(),
        }
    }

    #[test]
    fn rows_look_as_in_flink() {
        let mut out = Vec::new();
        sink("late> ").print(&mut out, &rows()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "late> +I[1]\nlate> +I[null]\n");
    }

    #[test]
    fn a_full_disk_and_a_closed_pipe_are_errors() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = sink("").print(&mut full, &rows()).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Io, "table out: cannot print"));

        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        let error = sink("").print(&mut writer, &rows()).unwrap_err();
        assert_eq!(error.message, "table out: nobody reads the output any more");
    }
}
