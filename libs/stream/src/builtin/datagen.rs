//! Rows from nowhere.

use super::field::FieldGenerator;
use super::{option, refuse_metadata};
use crate::{
    Connector, ConnectorContext, ErrorKind, OptionSpec, Pace, Polled, Sink, Source, SourceFactory,
    StreamError, TableSpec, TaskIndex,
};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use async_trait::async_trait;
use event::{Batch, Partition, Position};
use std::collections::VecDeque;
use std::sync::Arc;

/// Flink's `datagen`, replayable: every value is a function of its row's number, so a restart gives the same rows.
///
/// Rows are dealt to four partitions, whatever the parallelism: row *i* of partition *p* is row `4 i + p` of the table.
/// Each value of a sequence therefore comes exactly once, and a table with a sequence ends with it. Unlike Flink,
/// random times are refused: they would be relative to now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Datagen;

const PARTITIONS: u64 = 4;
/// Flink's.
const ROWS_PER_SECOND: u64 = 10_000;

const OPTIONS: &[OptionSpec] = &[
    OptionSpec { name: "rows-per-second", required: false, help: "of the whole table; default 10000" },
    OptionSpec {
        name: "number-of-rows",
        required: false,
        help: "ends after so many; without it, and without a sequence, it never ends",
    },
    OptionSpec {
        name: "fields.*",
        required: false,
        help: "<column>.kind (random or sequence), .min, .max, .length, .start, .end, .null-rate",
    },
];

#[async_trait]
impl Connector for Datagen {
    fn name(&self) -> &'static str {
        "datagen"
    }

    fn options(&self) -> &'static [OptionSpec] {
        OPTIONS
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
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        refuse_metadata(table, "datagen")?;
        for name in table.options.keys().filter_map(|name| name.strip_prefix("fields.")) {
            let known =
                table.columns.iter().any(|c| name.strip_prefix(&*c.name).is_some_and(|n| n.starts_with('.')));
            if !known {
                let problem = format!("option 'fields.{name}' is of no column");
                return Err(StreamError::config(format!("table {}: {problem}", table.name)));
            }
        }
        let all = table.columns.iter().map(|column| FieldGenerator::new(table, column));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        let number: Option<u64> = option(table, "number-of-rows", "a number of rows")?;
        let rows_total = all.iter().filter_map(FieldGenerator::rows_max).chain(number).min();
        let rate: u64 = option(table, "rows-per-second", "a number of rows")?.unwrap_or(ROWS_PER_SECOND);
        Ok(Arc::new(DatagenFactory {
            fields: table.projection.iter().map(|place| all[*place].clone()).collect(),
            schema: table.projected_schema(),
            rows_total,
            rows_per_second: rate.max(1),
            context_rate: context.rows_per_second_max,
            rows_max: context.batch_rows_max,
        }))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        Err(StreamError::config(format!("table {}: the datagen connector can only be read", table.name)))
    }
}

#[derive(Clone)]
struct DatagenFactory {
    fields: Arc<[FieldGenerator]>,
    schema: SchemaRef,
    rows_total: Option<u64>,
    rows_per_second: u64,
    context_rate: Option<u64>,
    rows_max: usize,
}

impl SourceFactory for DatagenFactory {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        let mine = |number: &u64| *number % task.count.max(1) as u64 == task.index as u64;
        let partitions: Vec<u64> = (0..PARTITIONS).filter(mine).collect();
        let share = self.rows_per_second.saturating_mul(partitions.len() as u64) / PARTITIONS;
        let pace = Pace::new(Some(share.min(self.context_rate.unwrap_or(u64::MAX))));
        Ok(Box::new(DatagenSource { factory: self.clone(), partitions, turns: VecDeque::new(), pace }))
    }

    fn bounded(&self) -> bool {
        self.rows_total.is_some()
    }
}

/// Generates the rows of its partitions in turns.
struct DatagenSource {
    factory: DatagenFactory,
    /// Numbers of the partitions of this instance.
    partitions: Vec<u64>,
    /// Partition, its number, its next row; those at their end are gone.
    turns: VecDeque<(Partition, u64, u64)>,
    pace: Pace,
}

#[async_trait]
impl Source for DatagenSource {
    async fn seek(&mut self, from: Option<&Position>) -> Result<Position, StreamError> {
        let mut position = Position::default();
        for number in &self.partitions {
            let partition = Partition::new(number.to_string());
            let row = from.and_then(|from| from.0.get(&partition)).copied().unwrap_or(0);
            let row = u64::try_from(row).map_err(|cause| {
                let message = format!("partition {partition} cannot begin at row {row}");
                StreamError::because(ErrorKind::Data, message, cause)
            })?;
            position.advance(&partition, row as i64);
            self.turns.push_back((partition, *number, row));
        }
        Ok(position)
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        if self.turns.is_empty() && !self.factory.bounded() {
            // More tasks than partitions: nothing will ever come.
            std::future::pending::<()>().await;
        }
        self.pace.ready().await;
        let Some((partition, number, row)) = self.turns.pop_front() else { return Ok(Polled::End) };
        let left =
            self.factory.rows_total.map_or(u64::MAX, |total| rows_of(number, total).saturating_sub(row));
        if left == 0 {
            return Ok(Polled::CaughtUp(partition));
        }
        let count = left.min(self.pace.rows_max(self.factory.rows_max) as u64);
        let rows: Vec<u64> = (row..row + count).map(|row| row * PARTITIONS + number).collect();
        let columns = self.factory.fields.iter().map(|field| field.generate(&rows)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(self.factory.schema.clone(), columns, &options)?;
        self.pace.spend(count);
        self.turns.push_back((partition.clone(), number, row + count));
        let next_offset = (row + count) as i64;
        Ok(Polled::Batch(Batch { partition, rows: batch, dead: Vec::new(), records: count, next_offset }))
    }

    async fn commit(&mut self, _position: &Position) -> Result<(), StreamError> {
        Ok(())
    }
}

/// How many of `total` rows are of a partition.
fn rows_of(number: u64, total: u64) -> u64 {
    total.saturating_sub(number).div_ceil(PARTITIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, ColumnKind};
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Int64Type};
    use std::time::Duration;

    fn table(options: &[(&str, &str)]) -> TableSpec {
        let column = |name: &str, data_type| Column {
            name: name.into(),
            data_type,
            nullable: true,
            kind: ColumnKind::Physical,
        };
        TableSpec {
            name: "t".into(),
            columns: vec![
                column("id", DataType::Int64),
                column("name", DataType::Utf8),
                column("x", DataType::Float64),
            ],
            primary_key: vec![],
            partitioned_by: vec![],
            options: options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            projection: vec![0, 1, 2],
        }
    }

    fn context() -> ConnectorContext {
        ConnectorContext {
            pipeline: "p".into(),
            base_dir: "/".into(),
            connect_timeout: Duration::from_secs(1),
            batch_rows_max: 7,
            rows_per_second_max: None,
        }
    }

    const SEQUENCE: &[(&str, &str)] = &[
        ("fields.id.kind", "sequence"),
        ("fields.id.start", "10"),
        ("fields.id.end", "109"),
        ("fields.name.length", "5"),
        ("fields.x.null-rate", "0.5"),
        ("rows-per-second", "1000000"),
    ];

    async fn read(count: usize, from: Option<&Position>, limit: usize) -> (Vec<(i64, String)>, Position) {
        let factory = Datagen.source(&table(SEQUENCE), &context()).await.unwrap();
        assert!(factory.bounded());
        let (mut rows, mut position) = (Vec::new(), Position::default());
        for index in 0..count {
            let mut source = factory.create(TaskIndex { index, count }).unwrap();
            position.merge(&source.seek(from).await.unwrap());
            let mut batches = 0;
            while batches < limit {
                match source.poll().await.unwrap() {
                    Polled::Batch(batch) => {
                        batches += 1;
                        position.advance(&batch.partition, batch.next_offset);
                        let ids = batch.rows.column(0).as_primitive::<Int64Type>();
                        let names = batch.rows.column(1).as_string::<i32>();
                        rows.extend((0..ids.len()).map(|i| (ids.value(i), names.value(i).to_owned())));
                    }
                    Polled::End => break,
                    _ => {}
                }
            }
        }
        rows.sort();
        (rows, position)
    }

    #[tokio::test]
    async fn every_value_of_a_sequence_comes_once_under_any_parallelism() {
        let (expected, _) = read(1, None, usize::MAX).await;
        let ids: Vec<i64> = expected.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, (10..110).collect::<Vec<_>>());
        assert!(expected.iter().all(|(_, name)| name.len() == 5));
        for count in [2, 3, 4, 6] {
            assert_eq!(read(count, None, usize::MAX).await.0, expected);
        }
    }

    #[tokio::test]
    async fn a_restart_under_another_parallelism_continues_exactly() {
        let (expected, _) = read(1, None, usize::MAX).await;
        let (mut rows, position) = read(2, None, 3).await;
        assert_eq!(rows.len(), 42);
        rows.extend(read(3, Some(&position), usize::MAX).await.0);
        rows.sort();
        assert_eq!(rows, expected);
    }

    #[tokio::test]
    async fn wrong_options_are_named() {
        let cases = [
            (
                ("fields.id.kind", "serial"),
                "table t: column 'id': kind 'serial' is not one of random, sequence",
            ),
            (("fields.id.kind", "sequence"), "table t: a sequence needs option 'fields.id.start'"),
            (("fields.idx.kind", "random"), "table t: option 'fields.idx.kind' is of no column"),
            (
                ("number-of-rows", "many"),
                "table t: option 'number-of-rows' = 'many': expected a number of rows",
            ),
            (("fields.x.min", "2"), "table t: column 'x': min is above max"),
        ];
        for (option, expected) in cases {
            let error = Datagen.source(&table(&[option]), &context()).await.err().unwrap();
            assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Config, expected));
        }
        let mut with_time = table(&[]);
        with_time.columns[0].data_type = DataType::Date32;
        let error = Datagen.source(&with_time, &context()).await.err().unwrap();
        assert!(
            error.message.contains("datagen cannot replay a random time (column 'id')"),
            "{}",
            error.message
        );
    }
}
