//! Claims and commits, each one transaction.
//!
//! # Who may write
//! `init_transactions` makes the brokers end what an older producer of the same `transactional.id` left: a transaction
//! whose commit had reached the coordinator is completed, any other is aborted, and whatever the older producer sends
//! from now on is refused (its epoch is too low). Only then is the group's offset read, with `read_committed`, for
//! which the brokers hold the answer back while an offset is still undecided. So a claim sees either all of an epoch
//! or nothing of it, and what it saw stays true.
//!
//! - The program died before the commit was sent: the transaction is aborted, nothing of it was ever visible.
//! - It died after the coordinator had it: the transaction is completed, and the epoch is found in the group.
//! - It was stopped (SIGSTOP) in the middle, and another instance claimed: as above for the other; its own commit, once
//!   it goes on, is refused.
//! - The answer was lost: nobody guesses. A new client claims the same way and reads what the group holds.
//!
//! # Who is fenced
//! Brokers fence a producer for two reasons they do not tell apart: a newer claim, or a transaction that outlived its
//! timeout. The group tells: its metadata names the writer of the last claim. Another writer there means that this
//! instance must stop; our own name means that we may claim again. Looking there before claiming again leaves a newer
//! instance undisturbed; should both meet in between, the one that finds its own name in the end goes on.

use crate::KafkaError;
use crate::cluster::{Cluster, unreachable};
use crate::partition::TopicPartition;
use crate::sink::Plan;
use crate::sink::memory::Memory;
use crate::sink::refused;
use crate::sink::writer::{Doubt, Stopped, Writer};
use arrow::record_batch::RecordBatch;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};
use resilience::failpoint;
use std::sync::Arc;
use std::time::Duration;
use stream::Commit;
use tokio::time::Instant;

/// How long one wait for a commit's outcome may take before the time is looked at.
const COMMIT_WAIT: Duration = Duration::from_secs(5);

/// Makes a new client that owns the sink, and says what is held. Blocking.
///
/// `again`: this instance has owned the sink before; it does not take it from a newer one.
pub(crate) fn claim(plan: &Arc<Plan>, again: bool) -> Result<(Writer, Memory), KafkaError> {
    if again {
        let memory = plan.look()?;
        plan.refuse_other_writer(memory.as_ref())?;
    }
    let writer = Writer::open(plan)?;
    let result = take_over(plan, &writer, again);
    match result {
        Ok(memory) => Ok((writer, memory)),
        Err(error) => {
            writer.discard();
            Err(error)
        }
    }
}

fn take_over(plan: &Plan, writer: &Writer, again: bool) -> Result<Memory, KafkaError> {
    let timeout = plan.connect_timeout;
    let initiated = writer.producer.init_transactions(timeout);
    initiated.map_err(|cause| match plan.cluster.connection.is_connected() {
        true => plan.sorted("claiming the transactional.id", &cause),
        false => unreachable(&plan.cluster.connection, timeout),
    })?;
    let before = plan.remembered(&plan.cluster, timeout)?;
    if again {
        plan.refuse_other_writer(before.as_ref())?;
    }
    let is_first = before.is_none();
    let memory = before.map_or_else(|| Memory::first(&plan.writer), |memory| memory.claimed_by(&plan.writer));
    let doing = "claiming the sink";
    writer.producer.begin_transaction().map_err(|cause| plan.sorted(doing, &cause))?;
    remember(plan, writer, &memory)?;
    finish(plan, writer, doing)?;
    // A cluster that keeps no transactional offsets, as librdkafka's mock, could not be trusted with any epoch.
    if is_first && plan.remembered(&plan.cluster, timeout)?.as_ref() != Some(&memory) {
        return Err(KafkaError::Option(format!(
            "the brokers {} do not keep offsets that a transaction commits, so exactly-once is not to be had (a mock \
             cluster?); set 'sink.delivery-guarantee' = 'at-least-once'",
            plan.cluster.connection.brokers
        )));
    }
    Ok(memory)
}

/// Commits one epoch; gives the client back, unless the try failed: then only a new claim can tell. Blocking.
pub(crate) fn commit(
    plan: &Arc<Plan>,
    mut writer: Writer,
    memory: &Memory,
    commit: &Commit,
    rows: &[RecordBatch],
    doubt: &Doubt,
    may_refuse: bool,
) -> Result<(Writer, Memory), Stopped> {
    match transact(plan, &mut writer, memory, commit, rows, doubt, may_refuse) {
        Ok(memory) => Ok((writer, memory)),
        Err(stopped) => {
            writer.discard();
            Err(stopped)
        }
    }
}

fn transact(
    plan: &Plan,
    writer: &mut Writer,
    memory: &Memory,
    commit: &Commit,
    rows: &[RecordBatch],
    doubt: &Doubt,
    may_refuse: bool,
) -> Result<Memory, Stopped> {
    let deadline = Instant::now() + plan.options.transaction_timeout;
    let begun = writer.producer.begin_transaction();
    begun.map_err(|cause| plan.sorted("beginning a transaction", &cause))?;
    let refused = refused::write_all(plan, writer, commit, rows, doubt, may_refuse, deadline)?;
    failpoint::hit("kafka.produced");
    let emitted: usize = rows.iter().map(RecordBatch::num_rows).sum();
    let after = memory.after(commit, emitted as u64 - refused, refused);
    remember(plan, writer, &after)?;
    failpoint::hit("kafka.before_commit");
    finish(plan, writer, "committing a transaction")?;
    failpoint::hit("kafka.committed");
    Ok(after)
}

/// Makes the memory part of the open transaction.
fn remember(plan: &Plan, writer: &Writer, memory: &Memory) -> Result<(), KafkaError> {
    let (offset, metadata) = memory.to_offset()?;
    let mut offsets = TopicPartitionList::new();
    let mut element = offsets.add_partition(&plan.options.topic, 0);
    // An offset without a valid number would be dropped in silence, and with it the epoch.
    element.set_offset(Offset::Offset(offset)).map_err(|e| KafkaError::client("setting an offset", e))?;
    element.set_metadata(&metadata);
    let group = plan.cluster.group_metadata()?;
    let sent =
        writer.producer.send_offsets_to_transaction(&offsets, &group, plan.options.transaction_timeout);
    sent.map_err(|cause| plan.sorted("sending the epoch to the transaction", &cause))
}

/// Waits for the outcome of a commit. A call that times out may be repeated, which goes on waiting for the same one.
fn finish(plan: &Plan, writer: &Writer, doing: &'static str) -> Result<(), KafkaError> {
    let deadline = Instant::now() + plan.options.transaction_timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match writer.producer.commit_transaction(COMMIT_WAIT.min(left).max(Duration::from_millis(1))) {
            Ok(()) => return Ok(()),
            Err(ClientError::Transaction(error)) if error.is_retriable() && !left.is_zero() => {}
            Err(cause) => return Err(plan.sorted(doing, &cause)),
        }
    }
}

impl Plan {
    fn remembered(&self, cluster: &Cluster, timeout: Duration) -> Result<Option<Memory>, KafkaError> {
        let partition = TopicPartition::new(&self.options.topic, 0);
        let committed = cluster.committed_one(&partition, timeout)?;
        committed.map(|(offset, text)| Memory::from_offset(&self.group, offset, &text)).transpose()
    }

    /// What the group holds, without waiting for open transactions: one of them may be our own.
    fn look(&self) -> Result<Option<Memory>, KafkaError> {
        let mut settings = self.options.settings.clone();
        settings.extra.0.insert("group.id".into(), self.group.clone());
        settings.extra.0.insert("isolation.level".into(), "read_uncommitted".into());
        let cluster = Cluster::of_connection(self.cluster.connection.clone(), &settings)?;
        self.remembered(&cluster, self.connect_timeout)
    }

    fn refuse_other_writer(&self, memory: Option<&Memory>) -> Result<(), KafkaError> {
        match memory {
            Some(memory) if memory.writer == self.writer => Ok(()),
            Some(_) => Err(KafkaError::Fenced {
                pipeline: self.pipeline.clone(),
                sink: self.name.clone(),
                transactional_id: self.transactional_id.clone(),
            }),
            None => Err(KafkaError::Contradiction(format!(
                "the offset of group '{}' was deleted while this instance was running: what topic '{}' holds is no \
                 longer known",
                self.group, self.options.topic
            ))),
        }
    }
}
