//! Many raw JSON records into one `RecordBatch`.

use super::check::{Checker, Problem};
use super::options::JsonOptions;
use crate::text::{self, BadCell};
use crate::{Decoded, FormatError, Origin, Record};
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{concat_batches, filter};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::ReaderBuilder;
use arrow::json::reader::Decoder;
use event::type_name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Deeper records are refused: the depth is the stack a hostile record could use up.
const DEPTH_MAX: usize = 512;
/// A record of at most this many bytes cannot nest deep enough to be a danger.
const BYTES_SURELY_SHALLOW: usize = 2 * DEPTH_MAX;

/// Decodes JSON records into the columns of a schema, with Flink's meaning.
///
/// - A missing field is NULL; unknown fields are ignored; the last of two equal fields counts.
/// - Numbers in quotes are numbers; numbers and booleans are text where text is asked for; a fraction is cut off where
///   an integer is asked for.
/// - Timestamps have exactly the form the options say (a number is none: it has no unit), bytes are base64, decimals
///   keep every digit and round half up to their scale.
/// - A record is exactly one object. Stricter than Flink, so dead letters: NULL or no value for a NOT NULL column, a
///   decimal that does not fit, a boolean in quotes, an object or array where text is asked for. More lenient: commas
///   between fields may be doubled or missing.
///
/// What becomes of a record never depends on the others of its batch.
pub struct JsonDecoder {
    schema: SchemaRef,
    wire: SchemaRef,
    options: JsonOptions,
    checker: Checker,
    /// `None` after a failure: a tape that failed cannot be used again.
    tape: Option<Decoder>,
    /// Records the tape can take.
    capacity: usize,
    /// The last batch had a bad record, so this one probably has, too: look before decoding.
    wary: bool,
}

/// Indices of records, with their bytes.
type Candidates<'a> = Vec<(usize, &'a [u8])>;

impl JsonDecoder {
    /// # Errors
    /// [`FormatError::UnsupportedType`] for a column JSON cannot carry.
    pub fn new(schema: SchemaRef, options: JsonOptions) -> Result<Self, FormatError> {
        for field in schema.fields() {
            if !text::supported(field.data_type(), true) {
                return Err(FormatError::UnsupportedType {
                    column: field.name().clone(),
                    type_name: type_name(field.data_type()),
                    format: "json",
                });
            }
        }
        let wire = Arc::new(Schema::new(schema.fields().iter().map(text::wire_field).collect::<Vec<_>>()));
        let checker = Checker::new(schema.fields(), options.fail_on_missing_field);
        Ok(Self { schema, wire, options, checker, tape: None, capacity: 0, wary: false })
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Decodes every record, into a row or a dead letter.
    ///
    /// # Errors
    /// Only a broken invariant; a bad record is none.
    pub fn decode(&mut self, records: &[Record<'_>], origin: &Origin) -> Result<Decoded, FormatError> {
        let mut bad = BTreeMap::new();
        let mut candidates: Candidates<'_> = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            match refuse_unread(record.value) {
                Ok(bytes) => candidates.push((index, bytes)),
                Err(error) => drop(bad.insert(index, error)),
            }
        }
        let unread = bad.len();
        let look_first = self.wary || self.options.fail_on_missing_field;
        let decoded = if look_first { None } else { self.tape_decode(&candidates).ok() };
        let rows = match decoded {
            Some(rows) => rows,
            None => {
                self.set_suspects_aside(&mut candidates, &mut bad);
                self.wary = bad.len() > unread;
                self.decode_halving(&candidates, &mut bad)?
            }
        };
        candidates.retain(|(index, _)| !bad.contains_key(index));
        let rows = self.finish(&rows, &candidates, &mut bad)?;
        Ok(Decoded::new(rows, bad, records, origin))
    }

    /// Bare decoding of whole records: all or nothing.
    fn tape_decode(&mut self, records: &[(usize, &[u8])]) -> Result<RecordBatch, ArrowError> {
        if records.is_empty() {
            return Ok(RecordBatch::new_empty(self.wire.clone()));
        }
        let mut tape = match self.tape.take() {
            // One more than there are records, so that a second object in the last one shows.
            Some(tape) if records.len() < self.capacity => tape,
            _ => {
                self.capacity = (records.len() + 1).next_power_of_two();
                ReaderBuilder::new(self.wire.clone())
                    .with_batch_size(self.capacity)
                    .with_coerce_primitive(true)
                    .build_decoder()?
            }
        };
        for (done, (_, bytes)) in records.iter().enumerate() {
            let read = tape.decode(bytes)?;
            if tape.len() != done + 1 || tape.has_partial_record() || read != bytes.len() {
                return Err(ArrowError::JsonError("not one JSON object".into()));
            }
        }
        let rows = tape.flush()?;
        self.tape = Some(tape);
        Ok(rows.unwrap_or_else(|| RecordBatch::new_empty(self.wire.clone())))
    }

    /// Removes the records that the checker complains about and that indeed do not decode.
    fn set_suspects_aside(&mut self, candidates: &mut Candidates<'_>, bad: &mut BTreeMap<usize, String>) {
        let mut kept = Vec::with_capacity(candidates.len());
        for (index, bytes) in candidates.drain(..) {
            let refused = match self.checker.check(bytes) {
                None => None,
                Some(Problem::Missing(error)) => Some(error),
                Some(Problem::Other(error)) => self.tape_decode_one(index, bytes).err().map(|_| error),
            };
            match refused {
                Some(error) => drop(bad.insert(index, error)),
                None => kept.push((index, bytes)),
            }
        }
        *candidates = kept;
    }

    /// Decodes one record without touching the tape of the many.
    fn tape_decode_one(&mut self, index: usize, bytes: &[u8]) -> Result<RecordBatch, ArrowError> {
        let (tape, capacity) = (self.tape.take(), std::mem::take(&mut self.capacity));
        let result = self.tape_decode(&[(index, bytes)]);
        (self.tape, self.capacity) = (tape, capacity);
        result
    }

    /// Decodes all; where that fails, each half on its own, down to the single record that is to blame.
    fn decode_halving(
        &mut self,
        records: &[(usize, &[u8])],
        bad: &mut BTreeMap<usize, String>,
    ) -> Result<RecordBatch, FormatError> {
        match self.tape_decode(records) {
            Ok(rows) => Ok(rows),
            Err(error) if records.len() == 1 => {
                self.wary = true;
                bad.insert(records[0].0, plain(error));
                Ok(RecordBatch::new_empty(self.wire.clone()))
            }
            Err(_) => {
                let (left, right) = records.split_at(records.len() / 2);
                let halves = [self.decode_halving(left, bad)?, self.decode_halving(right, bad)?];
                Ok(concat_batches(&self.wire, &halves)?)
            }
        }
    }

    /// Text becomes what the columns say; rows where it cannot are taken out.
    fn finish(
        &self,
        rows: &RecordBatch,
        records: &[(usize, &[u8])],
        bad: &mut BTreeMap<usize, String>,
    ) -> Result<RecordBatch, FormatError> {
        let mut cells: Vec<BadCell> = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(rows.num_columns());
        for (column, field) in rows.columns().iter().zip(self.schema.fields()) {
            let format = self.options.timestamp_format;
            columns.push(text::convert(column, field.data_type(), field.name(), format, &mut cells)?);
        }
        let mut count = rows.num_rows();
        if !cells.is_empty() {
            let mut keep = vec![true; count];
            for cell in cells {
                count -= usize::from(std::mem::replace(&mut keep[cell.row], false));
                bad.entry(records[cell.row].0).or_insert(cell.error);
            }
            let keep = BooleanArray::from(keep);
            columns = columns.iter().map(|column| filter(column, &keep)).collect::<Result<_, _>>()?;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}

/// What can be refused without looking at the columns.
fn refuse_unread(value: Option<&[u8]>) -> Result<&[u8], String> {
    match value {
        None => Err("the record has no value (a tombstone)".into()),
        Some([]) => Err("the record is empty".into()),
        Some(bytes) if bytes.len() > BYTES_SURELY_SHALLOW && depth(bytes) > DEPTH_MAX => {
            Err(format!("nested deeper than {DEPTH_MAX}"))
        }
        Some(bytes) => Ok(bytes),
    }
}

/// How deep brackets nest, not counting those in strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn plain(error: ArrowError) -> String {
    match error {
        ArrowError::JsonError(text) => crate::record::shorten(&text),
        other => crate::record::shorten(&other.to_string()),
    }
}
