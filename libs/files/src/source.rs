//! Files of a folder, one after the other.

use crate::lines::{Decoder, Lines};
use crate::listing;
use crate::options::{TableOptions, refused};
use crate::parquet_rows::ParquetRows;
use async_trait::async_trait;
use event::{Batch, Partition, Position};
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use stream::{ErrorKind, Pace, Polled, Source, SourceFactory, StreamError, TableSpec, TaskIndex};
use tokio::time::Instant;

/// Everything the sources of a table share.
pub(crate) struct FilesSourceFactory {
    pub table: TableSpec,
    pub options: TableOptions,
    pub batch_rows_max: usize,
    pub rows_per_second_max: Option<u64>,
}

impl SourceFactory for FilesSourceFactory {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        let decoder = Decoder::new(&self.options.format, &self.table.schema(), &self.table.projection)
            .map_err(|error| refused(&self.table, error))?;
        let pace = Pace::new(self.rows_per_second_max);
        Ok(Box::new(FilesSource {
            name: self.table.name.as_str().into(),
            schema: self.table.projected_schema(),
            options: self.options.clone(),
            task,
            rows_max: pace.rows_max(self.batch_rows_max),
            decoder,
            pace,
            known: BTreeSet::new(),
            waiting: VecDeque::new(),
            open: None,
            next_listing: None,
        }))
    }

    fn bounded(&self) -> bool {
        self.options.monitor.is_none()
    }
}

/// Reads the files that fall to one task, one after the other in the order of their names.
///
/// - A file is read to the end it has when it is reached. Watching finds new files, not growth: move files in whole.
/// - A file that is not begun holds the watermark back, so no row is late; the windows of all files stay open until the
///   last one is begun. Give a table of many files names in the order of time, or more parallelism.
/// - A file that was begun must still be there after a restart.
/// - Reads block the task for one batch: local files are quick.
struct FilesSource {
    name: Arc<str>,
    schema: arrow::datatypes::SchemaRef,
    options: TableOptions,
    task: TaskIndex,
    rows_max: usize,
    /// `None`: Parquet.
    decoder: Option<Decoder>,
    pace: Pace,
    known: BTreeSet<Partition>,
    waiting: VecDeque<(Partition, PathBuf, i64)>,
    open: Option<Open>,
    next_listing: Option<Instant>,
}

struct Open {
    partition: Partition,
    reader: Reader,
}

enum Reader {
    Lines(Box<Lines>),
    Parquet(Box<ParquetRows>),
}

#[async_trait]
impl Source for FilesSource {
    async fn seek(&mut self, from: Option<&Position>) -> Result<Position, StreamError> {
        let files = listing::files(&self.options.path)?;
        if let Some(from) = from {
            let mine = from.0.keys().filter(|partition| listing::falls_to(partition, self.task));
            if let Some(gone) = mine.into_iter().find(|partition| !files.contains_key(partition)) {
                let message = format!(
                    "file {gone} of table {} was being read, but is no longer in {}; put it back",
                    self.name,
                    self.options.path.display()
                );
                return Err(StreamError::new(ErrorKind::Data, message));
            }
        }
        let mut position = Position::default();
        for (partition, path) in files {
            if listing::falls_to(&partition, self.task) {
                let offset = from.and_then(|from| from.0.get(&partition)).copied().unwrap_or(0);
                position.advance(&partition, offset);
                self.known.insert(partition.clone());
                self.waiting.push_back((partition, path, offset));
            }
        }
        Ok(position)
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        loop {
            if self.open.is_some() {
                self.pace.ready().await;
                return self.read();
            }
            if let Some((partition, path, offset)) = self.waiting.pop_front() {
                let reader = self.open_file(&partition, path, offset)?;
                self.open = Some(Open { partition, reader });
                continue;
            }
            let Some(interval) = self.options.monitor else { return Ok(Polled::End) };
            // The moment stands when this future is dropped: polling often does not put it off.
            let next = *self.next_listing.get_or_insert_with(|| Instant::now() + interval);
            tokio::time::sleep_until(next).await;
            self.next_listing = None;
            let found = self.discover()?;
            if !found.0.is_empty() {
                return Ok(Polled::Discovered(found));
            }
        }
    }

    async fn commit(&mut self, _position: &Position) -> Result<(), StreamError> {
        Ok(())
    }
}

impl FilesSource {
    fn open_file(&self, partition: &Partition, path: PathBuf, offset: i64) -> Result<Reader, StreamError> {
        listing::refuse_compressed(&path)?;
        let (table, partition) = (self.name.clone(), partition.clone());
        Ok(match &self.decoder {
            Some(_) => Reader::Lines(Box::new(Lines::open(&path, table, partition, offset)?)),
            None => {
                let schema = self.schema.clone();
                let rows = ParquetRows::open(&path, table, partition, schema, offset, self.rows_max)?;
                Reader::Parquet(Box::new(rows))
            }
        })
    }

    /// The next batch of the open file, or its end.
    fn read(&mut self) -> Result<Polled, StreamError> {
        let Some(open) = &mut self.open else {
            return Err(StreamError::internal("no file is open"));
        };
        let batch: Option<Batch> = match (&mut open.reader, &mut self.decoder) {
            (Reader::Lines(lines), Some(decoder)) => lines.next(decoder, self.rows_max)?,
            (Reader::Parquet(rows), _) => rows.next()?,
            (Reader::Lines(_), None) => return Err(StreamError::internal("lines without a decoder")),
        };
        match batch {
            Some(batch) => {
                self.pace.spend(batch.records);
                Ok(Polled::Batch(batch))
            }
            None => {
                let partition = open.partition.clone();
                self.open = None;
                Ok(Polled::CaughtUp(partition))
            }
        }
    }

    /// Files that are new since the last look.
    fn discover(&mut self) -> Result<Position, StreamError> {
        let mut found = Position::default();
        for (partition, path) in listing::files(&self.options.path)? {
            if listing::falls_to(&partition, self.task) && self.known.insert(partition.clone()) {
                found.advance(&partition, 0);
                self.waiting.push_back((partition, path, 0));
            }
        }
        Ok(found)
    }
}
