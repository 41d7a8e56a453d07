//! Rows in Parquet files.

use crate::options;
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use event::{Batch, DeadLetter, DeadLetterReason, Partition, type_name};
use formats::{JsonEncoder, JsonOptions};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stream::{ErrorKind, StreamError};

/// How a Parquet file is compressed: the option `parquet.compression`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    Uncompressed,
    /// Flink's default.
    #[default]
    Snappy,
    Zstd,
}

impl Compression {
    pub(crate) fn from_table(table: &BTreeMap<String, String>) -> Result<Self, StreamError> {
        options::compression(table)
    }
}

/// One Parquet file of these rows.
pub(crate) fn encode(
    schema: &SchemaRef,
    compression: Compression,
    rows: &[RecordBatch],
) -> Result<Vec<u8>, StreamError> {
    let codec = match compression {
        Compression::Uncompressed => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
        Compression::Zstd => Codec::ZSTD(ZstdLevel::default()),
    };
    let write = || {
        let properties = WriterProperties::builder().set_compression(codec).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
        for batch in rows {
            writer.write(batch)?;
        }
        writer.into_inner()
    };
    write().map_err(|cause: parquet::errors::ParquetError| {
        StreamError::because(ErrorKind::Internal, "rows did not encode as Parquet", cause)
    })
}

/// Reads the rows of one file from a row on.
pub(crate) struct ParquetRows {
    path: PathBuf,
    table: Arc<str>,
    partition: Partition,
    schema: SchemaRef,
    /// For each column of `schema`, its place in what the file yields.
    places: Vec<usize>,
    reader: ParquetRecordBatchReader,
    /// The number of the next row.
    row: i64,
}

impl ParquetRows {
    /// # Errors
    /// I/O; [`ErrorKind::Data`] for a file that is no Parquet, whose columns do not fit (each is named), or that has
    /// fewer rows than `row`.
    pub(crate) fn open(
        path: &Path,
        table: Arc<str>,
        partition: Partition,
        schema: SchemaRef,
        row: i64,
        rows_max: usize,
    ) -> Result<Self, StreamError> {
        let builder = builder(path)?;
        let total = builder.metadata().file_metadata().num_rows();
        if total < row {
            return Err(StreamError::new(
                ErrorKind::Data,
                format!(
                    "{} has {total} rows now, but {row} were read before; put the file back",
                    path.display()
                ),
            ));
        }
        let problems = mismatches(&schema, builder.schema());
        if !problems.is_empty() {
            let message = format!("{} does not fit table {table}: {}", path.display(), problems.join("; "));
            return Err(StreamError::new(ErrorKind::Data, message));
        }
        let roots = schema.fields().iter().filter_map(|f| builder.schema().index_of(f.name()).ok());
        let roots: Vec<usize> = roots.collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
        let place = |root: &usize| roots.iter().filter(|other| *other < root).count();
        let places = roots.iter().map(place).collect();
        let reader = builder
            .with_projection(mask)
            .with_offset(row as usize)
            .with_batch_size(rows_max)
            .build()
            .map_err(|cause| broken(path, cause))?;
        Ok(Self { path: path.to_owned(), table, partition, schema, places, reader, row })
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, StreamError> {
        let Some(read) = self.reader.next() else { return Ok(None) };
        let read = read.map_err(|cause| broken(&self.path, cause))?;
        let from = self.row;
        self.row += read.num_rows() as i64;
        let (rows, dead) = self.fit(&read, from)?;
        let records = read.num_rows() as u64;
        Ok(Some(Batch { partition: self.partition.clone(), rows, dead, records, next_offset: self.row }))
    }

    /// Gives columns the types of the table; a row that is NULL where it must not be becomes a dead letter.
    fn fit(&self, read: &RecordBatch, from: i64) -> Result<(RecordBatch, Vec<DeadLetter>), StreamError> {
        let strict = CastOptions { safe: false, ..Default::default() };
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.places.len());
        let mut null_in: Vec<Option<&str>> = vec![None; read.num_rows()];
        for (place, field) in self.places.iter().zip(self.schema.fields()) {
            let column = cast_with_options(read.column(*place), field.data_type(), &strict)
                .map_err(|cause| broken(&self.path, cause))?;
            if !field.is_nullable() && column.null_count() > 0 {
                for (row, null) in null_in.iter_mut().enumerate() {
                    if column.is_null(row) {
                        null.get_or_insert(field.name());
                    }
                }
            }
            columns.push(column);
        }
        let loose = self.schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true));
        let loose = Arc::new(Schema::new(loose.collect::<Vec<Field>>()));
        let count = RecordBatchOptions::new().with_row_count(Some(read.num_rows()));
        let mut rows = RecordBatch::try_new_with_options(loose, columns, &count)?;
        let mut dead = Vec::new();
        if null_in.iter().any(Option::is_some) {
            dead = self.dead_letters(&rows, &null_in, from)?;
            rows = filter_record_batch(
                &rows,
                &null_in.iter().map(|null| Some(null.is_none())).collect::<BooleanArray>(),
            )?;
        }
        let count = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let columns = rows.columns().to_vec();
        Ok((RecordBatch::try_new_with_options(self.schema.clone(), columns, &count)?, dead))
    }

    fn dead_letters(
        &self,
        rows: &RecordBatch,
        null_in: &[Option<&str>],
        from: i64,
    ) -> Result<Vec<DeadLetter>, StreamError> {
        let encoder = JsonEncoder::new(&rows.schema(), JsonOptions::default()).ok();
        let time_ms = resilience::clock::now_ms();
        let mut dead = Vec::new();
        for (row, column) in null_in.iter().enumerate() {
            let Some(column) = column else { continue };
            let json = encoder.as_ref().and_then(|encoder| encoder.encode_rows(&rows.slice(row, 1)).ok());
            dead.push(DeadLetter {
                reason: DeadLetterReason::Decode,
                error: format!("column \"{column}\" is NOT NULL, got null"),
                origin: self.table.clone(),
                partition: Some(self.partition.clone()),
                offset: Some(from + row as i64),
                event_time_ms: None,
                time_ms,
                raw: json.and_then(|mut rows| rows.pop()).unwrap_or_default(),
            });
        }
        Ok(dead)
    }
}

/// What a file's columns are, for a check before anything runs.
pub(crate) fn check(path: &Path, schema: &Schema) -> Result<Vec<String>, StreamError> {
    Ok(mismatches(schema, builder(path)?.schema()))
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, StreamError> {
    let file = File::open(path)
        .map_err(|cause| StreamError::io(format!("cannot read {}", path.display()), cause))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| broken(path, cause))
}

fn broken(path: &Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StreamError {
    StreamError::because(ErrorKind::Data, format!("{} cannot be read as Parquet", path.display()), cause)
}

/// One line for each column that is missing or of another type.
fn mismatches(table: &Schema, file: &Schema) -> Vec<String> {
    let check = |column: &Arc<Field>| match file.field_with_name(column.name()) {
        Err(_) => Some(format!("column \"{}\" is not in the file", column.name())),
        Ok(found) if fits(found.data_type(), column.data_type()) => None,
        Ok(found) => Some(format!(
            "column \"{}\" is {} in the file, {} in the table",
            column.name(),
            type_name(found.data_type()),
            type_name(column.data_type())
        )),
    };
    table.fields().iter().filter_map(check).collect()
}

/// Whether every value of `from` is one of `to`: equal, wider, or the same instant in another unit.
fn fits(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    match (from, to) {
        (a, b) if a.equals_datatype(b) => true,
        (Int8 | UInt8 | Int16, Int16 | Int32 | Int64) if from != to => !matches!((from, to), (Int16, Int16)),
        (UInt16 | Int32 | UInt32, Int64) | (UInt16, Int32) | (Float32, Float64) => true,
        (LargeUtf8 | Utf8View, Utf8) | (LargeBinary | BinaryView | FixedSizeBinary(_), Binary) => true,
        (Timestamp(_, _), Timestamp(_, _)) | (Time32(_) | Time64(_), Time32(_) | Time64(_)) => true,
        (Decimal32(p, s) | Decimal64(p, s) | Decimal128(p, s), Decimal128(precision, scale)) => {
            s == scale && p <= precision
        }
        (List(a) | LargeList(a), List(b)) => fits(a.data_type(), b.data_type()),
        (Struct(a), Struct(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| a.name() == b.name() && fits(a.data_type(), b.data_type()))
        }
        (Map(a, _), Map(b, _)) => match (a.data_type(), b.data_type()) {
            (Struct(a), Struct(b)) => a.iter().zip(b).all(|(a, b)| fits(a.data_type(), b.data_type())),
            _ => false,
        },
        _ => false,
    }
}
