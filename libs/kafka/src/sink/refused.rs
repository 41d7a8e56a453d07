//! Rows that cannot be written, kept in a topic beside the table's.
//!
//! A row is refused when its record is larger than the topic takes, or when the brokers refuse the record itself (its
//! timestamp is too far away, it has no key in a compacted topic). It goes as JSON to `<topic>.dead-letters`, in the same
//! transaction as its neighbours. As it may be too large for any topic, it goes in parts: records of equal `row`
//! header, whose values in order of `part` make the row.

use crate::KafkaError;
use crate::sink::Plan;
use crate::sink::options::DEAD_LETTERS;
use crate::sink::records::Outgoing;
use crate::sink::writer::{Doubt, NO_ROW, Stopped, Writer};
use arrow::record_batch::RecordBatch;
use std::collections::{BTreeMap, BTreeSet};
use stream::Commit;
use tokio::time::Instant;

/// Bytes of a row in one record.
const PART_BYTES: usize = 512 << 10;
/// Room for the headers and the error text.
const HEADER_BYTES: usize = 4 << 10;

/// Sends the rows, and those that are refused to the dead letters; returns how many those are. Blocking.
///
/// # Errors
/// `may_refuse` says that the dead letters' topic is there; without it the first refused row ends the try.
pub(crate) fn write_all(
    plan: &Plan,
    writer: &mut Writer,
    commit: &Commit,
    rows: &[RecordBatch],
    doubt: &Doubt,
    may_refuse: bool,
    deadline: Instant,
) -> Result<u64, Stopped> {
    let found = writer.write(rows, doubt, deadline)?;
    let mut refused = doubt.refused.clone();
    refused.extend(found);
    if refused.is_empty() {
        return Ok(0);
    }
    if !may_refuse {
        // Outside a transaction the others are written by now.
        let missing = (!writer.transactional()).then(BTreeSet::new);
        return Err(Stopped::Refused(Doubt { refused, missing, ..doubt.clone() }));
    }
    keep(plan, writer, commit, rows, &refused, deadline)?;
    writer.drain(deadline)?;
    if writer.has_failed() {
        return Err(writer.stopped(doubt));
    }
    tracing::warn!(
        rows = refused.len(),
        epoch = commit.epoch.0,
        sink = plan.name,
        dead_letters = plan.dead_letters_topic(),
        first = refused.values().next(),
        "Kafka refused rows; they are kept as dead letters"
    );
    Ok(refused.len() as u64)
}

fn keep(
    plan: &Plan,
    writer: &mut Writer,
    commit: &Commit,
    batches: &[RecordBatch],
    refused: &BTreeMap<usize, String>,
    deadline: Instant,
) -> Result<(), KafkaError> {
    let topic = plan.dead_letters_topic();
    let part_bytes = plan.rules.batch_bytes_max.unwrap_or(PART_BYTES + HEADER_BYTES);
    let part_bytes = part_bytes.saturating_sub(HEADER_BYTES).clamp(1024, PART_BYTES);
    let (generation, epoch) = (commit.generation.to_string(), commit.epoch.to_string());
    let mut start = 0;
    for batch in batches {
        for (number, error) in refused.range(start..start + batch.num_rows()) {
            let text = plan.records.row(batch, number - start)?;
            let (number, parts) = (number.to_string(), text.len().div_ceil(part_bytes).to_string());
            for (part, value) in text.chunks(part_bytes).enumerate() {
                let part = (part + 1).to_string();
                let headers = [
                    ("pipeline", plan.pipeline.as_str()),
                    ("sink", &plan.name),
                    ("generation", &generation),
                    ("epoch", &epoch),
                    ("row", &number),
                    ("part", &part),
                    ("parts", &parts),
                    ("error", error),
                ];
                let headers = headers.iter().map(|(name, text)| (*name, Some(text.as_bytes()))).collect();
                // One key, one partition: the parts stay in order.
                let record = Outgoing { key: Some(number.as_bytes()), value, timestamp_ms: None, headers };
                if let Some(why) = writer.send(&topic, NO_ROW, &record, deadline)? {
                    return Err(KafkaError::Option(format!(
                        "topic '{topic}' cannot keep a refused row: {why}"
                    )));
                }
            }
        }
        start += batch.num_rows();
    }
    Ok(())
}

impl Plan {
    pub fn dead_letters_topic(&self) -> String {
        format!("{}{DEAD_LETTERS}", self.options.topic)
    }
}
