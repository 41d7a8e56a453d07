//! What a source yields.

use crate::{DeadLetter, Partition};
use arrow::record_batch::RecordBatch;

/// Consecutive records of one partition: the rows that decoded and the ones that did not.
#[derive(Clone, Debug)]
pub struct Batch {
    pub partition: Partition,
    /// Decoded rows, in order, in the schema the source was asked for.
    pub rows: RecordBatch,
    /// Records that did not decode.
    pub dead: Vec<DeadLetter>,
    /// Records read: `rows.num_rows() + dead.len()` (a source skips what is no record, such as a
    /// blank line, without counting it).
    pub records: u64,
    /// The offset of the record after this batch.
    pub next_offset: i64,
}
