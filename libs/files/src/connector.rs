//! `'connector' = 'filesystem'`.

use crate::data_file::Encoder;
use crate::lines::Decoder;
use crate::listing;
use crate::options::{FileFormat, TableOptions, refused};
use crate::parquet_rows;
use crate::sink::FilesSink;
use crate::source::FilesSourceFactory;
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use stream::{Connector, ConnectorContext, OptionSpec, Sink, SourceFactory, StreamError, TableSpec};

/// Files in a local folder. Source: replayable, bounded unless it watches. Sink: exactly once, append only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filesystem;

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "path", required: true, help: "a local file or folder; a sink takes a folder" },
    OptionSpec { name: "format", required: true, help: "json (one object per line), csv or parquet" },
    OptionSpec {
        name: "source.monitor-interval",
        required: false,
        help: "look for new files this often, such as '10 s', and never end; without it the source ends",
    },
    OptionSpec {
        name: "json.*",
        required: false,
        help: "timestamp-format.standard, fail-on-missing-field, encode.ignore-null-fields",
    },
    OptionSpec {
        name: "csv.*",
        required: false,
        help: "field-delimiter, quote-character, disable-quote-character, null-literal, allow-comments",
    },
    OptionSpec {
        name: "parquet.compression",
        required: false,
        help: "SNAPPY (default), ZSTD or UNCOMPRESSED",
    },
];

#[async_trait]
impl Connector for Filesystem {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
    }

    async fn check_source(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        source_options(table, context).map(drop)
    }

    async fn check_sink(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        let options = sink_options(table, context)?;
        Encoder::new(&table.schema(), &options.format).map_err(|e| refused(table, e))?;
        Ok(())
    }

    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let options = source_options(table, context)?;
        let files = listing::files(&options.path)?;
        for file in files.values() {
            check_file(file, &options.format, table)?;
        }
        Ok(Arc::new(FilesSourceFactory {
            table: table.clone(),
            options,
            batch_rows_max: context.batch_rows_max,
            rows_per_second_max: context.rows_per_second_max,
        }))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        let options = sink_options(table, context)?;
        let sink =
            FilesSink::new(&table.name, &context.pipeline, options.path, &table.schema(), &options.format)?;
        Ok(Box::new(sink))
    }
}

/// What a table that is read says, without looking at its files.
fn source_options(table: &TableSpec, context: &ConnectorContext) -> Result<TableOptions, StreamError> {
    let options = TableOptions::new(table, &context.base_dir)?;
    Decoder::new(&options.format, &table.schema(), &table.projection).map_err(|e| refused(table, e))?;
    Ok(options)
}

/// What a table that is written says, without making its folder.
fn sink_options(table: &TableSpec, context: &ConnectorContext) -> Result<TableOptions, StreamError> {
    let options = TableOptions::new(table, &context.base_dir)?;
    if !table.primary_key.is_empty() {
        return Err(StreamError::config(format!(
            "table {}: a filesystem sink only appends, so it cannot keep a PRIMARY KEY; remove it",
            table.name
        )));
    }
    if options.monitor.is_some() {
        return Err(StreamError::config(format!(
            "table {}: option 'source.monitor-interval' is for reading, but the table is written",
            table.name
        )));
    }
    Ok(options)
}

/// What can be known to be wrong before anything runs.
fn check_file(file: &Path, format: &FileFormat, table: &TableSpec) -> Result<(), StreamError> {
    let name = file.display();
    let wrong = |problem: String| Err(StreamError::config(format!("table {}: {name} {problem}", table.name)));
    listing::refuse_compressed(file)?;
    if let FileFormat::Parquet(_) = format {
        let problems = parquet_rows::check(file, &table.projected_schema())?;
        if !problems.is_empty() {
            return wrong(format!("does not fit: {}", problems.join("; ")));
        }
    }
    Ok(())
}
