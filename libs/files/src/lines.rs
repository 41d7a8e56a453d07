//! Records of a text file: JSON lines, CSV.

use crate::options::FileFormat;
use arrow::datatypes::Schema;
use event::{Batch, Partition};
use formats::{CsvDecoder, CsvOptions, FormatError, JsonDecoder, Origin, Record};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stream::{ErrorKind, StreamError};

/// A longer record is an error: most likely the file is not what the table says.
const RECORD_BYTES_MAX: usize = 64 << 20;
/// Read at once.
const READ_BYTES: usize = 1 << 20;
/// A batch is not made longer than this by reading on.
const BATCH_BYTES: usize = 4 << 20;

/// Decodes records.
pub(crate) enum Decoder {
    Json(JsonDecoder),
    Csv(CsvDecoder, CsvOptions),
}

impl Decoder {
    /// A decoder of the columns `projection`; `None` for Parquet, which has no lines.
    pub(crate) fn new(
        format: &FileFormat,
        table: &Schema,
        projection: &[usize],
    ) -> Result<Option<Self>, FormatError> {
        Ok(match format {
            FileFormat::Json(options) => {
                Some(Self::Json(JsonDecoder::new(Arc::new(table.project(projection)?), *options)?))
            }
            FileFormat::Csv(options) => {
                Some(Self::Csv(CsvDecoder::new(table, projection, options.clone())?, options.clone()))
            }
            FileFormat::Parquet(_) => None,
        })
    }

    fn record_end(&self, buffer: &[u8]) -> Option<usize> {
        match self {
            Self::Json(_) => memchr::memchr(b'\n', buffer).map(|newline| newline + 1),
            Self::Csv(_, options) => options.record_end(buffer),
        }
    }

    fn skips(&self, record: &[u8]) -> bool {
        match self {
            Self::Json(_) => record.iter().all(u8::is_ascii_whitespace),
            Self::Csv(_, options) => options.skips(record),
        }
    }
}

/// Reads the records of one file from a byte on.
pub(crate) struct Lines {
    path: PathBuf,
    origin: Origin,
    file: File,
    buffer: Vec<u8>,
    /// Where the next record starts in `buffer`.
    at: usize,
    /// Where `buffer` starts in the file.
    base: i64,
    ended: bool,
}

impl Lines {
    /// # Errors
    /// I/O; [`ErrorKind::Data`] if the file is shorter than `offset`.
    pub(crate) fn open(
        path: &Path,
        table: Arc<str>,
        partition: Partition,
        offset: i64,
    ) -> Result<Self, StreamError> {
        let cannot_read = |cause| StreamError::io(format!("cannot read {}", path.display()), cause);
        let mut file = File::open(path).map_err(cannot_read)?;
        let length = file.metadata().map_err(cannot_read)?.len();
        if (length as i64) < offset {
            let message = format!(
                "{} has {length} bytes now, but {offset} were read before; put the file back",
                path.display()
            );
            return Err(StreamError::new(ErrorKind::Data, message));
        }
        file.seek(SeekFrom::Start(offset as u64)).map_err(cannot_read)?;
        let origin = Origin { table, partition, time_ms: 0 };
        Ok(Self {
            path: path.to_owned(),
            origin,
            file,
            buffer: Vec::new(),
            at: 0,
            base: offset,
            ended: false,
        })
    }

    /// The next records; `None` at the end.
    pub(crate) fn next(
        &mut self,
        decoder: &mut Decoder,
        rows_max: usize,
    ) -> Result<Option<Batch>, StreamError> {
        self.buffer.drain(..self.at);
        self.base += self.at as i64;
        self.at = 0;
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        while found.len() < rows_max {
            let end = match decoder.record_end(&self.buffer[at..]) {
                Some(length) => at + length,
                None if !self.ended && (found.is_empty() || self.buffer.len() < BATCH_BYTES) => {
                    self.read_on(self.buffer.len() - at)?;
                    continue;
                }
                None if !self.ended || at == self.buffer.len() => break,
                // The last record may lack its line break.
                None => self.buffer.len(),
            };
            if !decoder.skips(&self.buffer[at..end]) {
                found.push(at..end);
            }
            at = end;
        }
        self.at = at;
        if found.is_empty() {
            return Ok(None);
        }
        self.decode(decoder, &found).map(Some)
    }

    fn decode(&mut self, decoder: &mut Decoder, found: &[Range<usize>]) -> Result<Batch, StreamError> {
        let record = |range: &Range<usize>| {
            let line = &self.buffer[range.clone()];
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            Record::new(self.base + range.start as i64, line)
        };
        let records: Vec<Record<'_>> = found.iter().map(record).collect();
        self.origin.time_ms = resilience::clock::now_ms();
        let decoded = match decoder {
            Decoder::Json(json) => json.decode(&records, &self.origin),
            Decoder::Csv(csv, _) => csv.decode(&records, &self.origin),
        };
        let decoded = decoded.map_err(|cause| {
            StreamError::because(ErrorKind::Internal, format!("cannot decode {}", self.path.display()), cause)
        })?;
        Ok(Batch {
            partition: self.origin.partition.clone(),
            rows: decoded.rows,
            dead: decoded.dead,
            records: records.len() as u64,
            next_offset: self.base + self.at as i64,
        })
    }

    /// Reads more; `pending` bytes belong to a record that has not ended yet.
    fn read_on(&mut self, pending: usize) -> Result<(), StreamError> {
        if pending > RECORD_BYTES_MAX {
            let offset = self.base + (self.buffer.len() - pending) as i64;
            let message = format!(
                "the record at byte {offset} of {} is longer than {} MB; is the file of the format the table says?",
                self.path.display(),
                RECORD_BYTES_MAX >> 20
            );
            return Err(StreamError::new(ErrorKind::Data, message));
        }
        let read = self.file.by_ref().take(READ_BYTES as u64).read_to_end(&mut self.buffer);
        let read =
            read.map_err(|cause| StreamError::io(format!("cannot read {}", self.path.display()), cause))?;
        self.ended = read == 0;
        Ok(())
    }
}
