//! Shows people what a sink committed.

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use std::io::Write;
use stream::{Claim, Commit, Sink, SinkCounters, StreamError};

/// Rows printed per epoch; the rest is counted.
const LINES_MAX: usize = 12;

/// A sink that prints the rows it has committed, after they are committed.
pub struct Echo(pub Box<dyn Sink>);

#[async_trait]
impl Sink for Echo {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        self.0.claim().await
    }

    async fn prepare(&mut self, rows: &[RecordBatch]) {
        self.0.prepare(rows).await;
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let counters = self.0.commit(commit, rows).await?;
        if let Err(error) = print(self.0.name(), rows) {
            tracing::debug!(%error, "the terminal does not take rows");
        }
        Ok(counters)
    }
}

/// The newest rows of an epoch.
fn print(name: &str, batches: &[RecordBatch]) -> Result<(), Box<dyn std::error::Error>> {
    let total: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut skip = total.saturating_sub(LINES_MAX);
    let mut out = std::io::stdout().lock();
    if skip > 0 {
        writeln!(out, "{name}: {skip} rows, then")?;
    }
    let options = FormatOptions::default().with_null("null");
    for batch in batches {
        let schema = batch.schema();
        let columns = batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let cells = schema.fields().iter().zip(&columns);
            let cells: Vec<String> = cells.map(|(f, c)| format!("{}={}", f.name(), c.value(row))).collect();
            writeln!(out, "{name}: {}", cells.join(" "))?;
        }
    }
    out.flush()?;
    Ok(())
}
