//! The sink of a table.
//!
//! **Exactly once**, for readers with `isolation.level=read_committed`: the records of an epoch, the epoch's number and
//! its snapshot's identity are one transaction of Kafka, which a newer instance of the pipeline fences, and a restart
//! asks the group's offset in that transaction what is held. At least once with `'sink.delivery-guarantee' =
//! 'at-least-once'`, which has no memory.
//!
//! - `transactional.id` is `<sink.transactional-id-prefix, or the pipeline>.<sink>`; the group is `<pipeline>.<sink>`.
//! - A transaction opens only after the epoch's snapshot is durable and ends with the commit, so no timeout spans an
//!   interval. Idle epochs commit one too.
//! - Readers see an epoch whole in each partition; across partitions each appears when its own marker is written.
//! - The brokers' side of this is Kafka's; from 3.6 on (KIP-890) they also refuse a late record of a transaction that
//!   was aborted.

mod memory;
mod options;
mod records;
mod refused;
mod topic;
mod transaction;
mod writer;

use crate::KafkaError;
use crate::cluster::{Cluster, blocking};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use memory::Memory;
use options::{Guarantee, SinkOptions};
use records::Records;
use resilience::{Retry, RetryPolicy, entropy, failpoint, retry};
use std::sync::Arc;
use std::time::Duration;
use stream::{Claim, Commit, ConnectorContext, Sink, SinkCounters, StreamError, TableSpec, Verdict};
use tokio::time::Instant;
use topic::TopicRules;
use writer::{Doubt, Stopped, Writer};

pub use topic::create_topic_if_missing;

/// How often an epoch is tried with a new client before the engine is told that Kafka is not available.
const TRIES: u32 = 3;

/// Everything that stays the same.
pub(crate) struct Plan {
    pub name: String,
    pub pipeline: String,
    /// Names this instance.
    pub writer: String,
    pub group: String,
    pub transactional_id: String,
    pub options: SinkOptions,
    pub records: Records,
    pub rules: TopicRules,
    pub partitions: i32,
    /// Asks for the group's offset; it joins nothing and reads nothing.
    pub cluster: Arc<Cluster>,
    pub connect_timeout: Duration,
}

/// Writes the rows of one table. See the module for what it promises.
pub(crate) struct KafkaSink {
    plan: Arc<Plan>,
    /// Absent when it failed, or is with a call whose future was dropped: then the sink is claimed again.
    writer: Option<Writer>,
    /// As the group had it when we last wrote it; `None` before `claim`, and always with at-least-once.
    memory: Option<Memory>,
    /// Since this instance began: with at-least-once nothing else is known.
    counters: SinkCounters,
    /// Whether the dead letters' topic is there.
    may_refuse: bool,
}

impl KafkaSink {
    /// What a table that is written says, without asking a broker.
    pub fn check(table: &TableSpec) -> Result<(), StreamError> {
        Records::new(table, &SinkOptions::parse(table)?)?;
        Ok(())
    }

    /// Understands the options and reaches the topic.
    pub async fn open(table: &TableSpec, context: &ConnectorContext) -> Result<Self, StreamError> {
        let options = SinkOptions::parse(table)?;
        let records = Records::new(table, &options)?;
        let group = format!("{}.{}", context.pipeline, table.name);
        let prefix = options.transactional_id_prefix.as_deref().unwrap_or(&context.pipeline);
        let transactional_id = format!("{prefix}.{}", table.name);
        let mut control = options.settings.clone();
        control.extra.0.insert("group.id".into(), group.clone());
        control.extra.0.insert("isolation.level".into(), "read_committed".into());
        let cluster = Cluster::new(&table.name, &control)?;
        let timeout = context.connect_timeout;
        let (reached, topic) = (cluster.clone(), options.topic.clone());
        let partitions = blocking(move || reached.reach(&topic, timeout)).await?.len();
        let rules = TopicRules::ask(&options.settings, &cluster.connection, &options.topic, timeout).await?;
        if rules.compacted && options.key.is_none() {
            return Err(StreamError::config(format!(
                "topic '{}' is compacted (cleanup.policy), so every record needs a key: set 'key.format' and \
                 'key.fields'",
                options.topic
            )));
        }
        let plan = Plan {
            name: table.name.clone(),
            pipeline: context.pipeline.clone(),
            writer: entropy::writer_id(),
            group,
            transactional_id,
            options,
            records,
            rules,
            partitions: partitions as i32,
            cluster,
            connect_timeout: timeout,
        };
        let counters = SinkCounters::default();
        Ok(Self { plan: Arc::new(plan), writer: None, memory: None, counters, may_refuse: false })
    }

    async fn take(&self, again: bool) -> Result<(Writer, Memory), KafkaError> {
        let policy = RetryPolicy { total_max: self.plan.connect_timeout, ..RetryPolicy::default() };
        retry(policy, retry_claim, || {
            let plan = self.plan.clone();
            blocking(move || transaction::claim(&plan, again))
        })
        .await
    }

    /// The client at hand, or a new one; with exactly-once it has claimed the sink again.
    async fn writer(&mut self) -> Result<Writer, KafkaError> {
        if let Some(writer) = self.writer.take() {
            return Ok(writer);
        }
        if self.plan.options.guarantee == Guarantee::AtLeastOnce {
            return Writer::open(&self.plan);
        }
        let (writer, memory) = self.take(true).await?;
        self.memory = Some(memory);
        Ok(writer)
    }

    /// One try; the client stays with us if it succeeds.
    async fn attempt(
        &mut self,
        commit: &Commit,
        rows: &[RecordBatch],
        doubt: &Doubt,
    ) -> Result<SinkCounters, Stopped> {
        let writer = self.writer().await?;
        let (plan, may_refuse) = (self.plan.clone(), self.may_refuse);
        let (commit, rows, doubt) = (commit.clone(), rows.to_vec(), doubt.clone());
        if plan.options.guarantee == Guarantee::AtLeastOnce {
            let tried = blocking(move || Ok(deliver(&plan, writer, &commit, &rows, &doubt, may_refuse)));
            let (writer, committed, refused) = tried.await??;
            self.writer = Some(writer);
            self.counters.committed += committed;
            self.counters.refused += refused;
            return Ok(self.counters);
        }
        let Some(memory) = self.memory.clone() else {
            return Err(KafkaError::Internal("commit was called before claim".into()).into());
        };
        let refused = |why| KafkaError::Contradiction(format!("group '{}' {why}", plan.group));
        if commit.after(memory.held.as_ref()).map_err(refused)? == Verdict::AlreadyHeld {
            self.writer = Some(writer);
            return Ok(memory.counters);
        }
        let tried = blocking(move || {
            Ok(transaction::commit(&plan, writer, &memory, &commit, &rows, &doubt, may_refuse))
        });
        let (writer, memory) = tried.await??;
        self.writer = Some(writer);
        let counters = memory.counters;
        self.memory = Some(memory);
        Ok(counters)
    }

    /// Makes the topic of the dead letters, once.
    async fn prepare_dead_letters(&mut self) -> Result<(), KafkaError> {
        if self.may_refuse {
            return Ok(());
        }
        let (plan, topic) = (&self.plan, self.plan.dead_letters_topic());
        let made = topic::ensure(&plan.name, &plan.options.settings, &topic, 1, plan.connect_timeout).await?;
        tracing::info!(topic, made, "refused rows are kept");
        self.may_refuse = true;
        Ok(())
    }
}

#[async_trait]
impl Sink for KafkaSink {
    fn name(&self) -> &str {
        &self.plan.name
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        if self.plan.options.guarantee == Guarantee::AtLeastOnce {
            return Ok(None);
        }
        self.memory = None;
        if let Some(writer) = self.writer.take() {
            writer.discard();
        }
        let (writer, memory) = self.take(false).await?;
        failpoint::hit("kafka.claimed");
        let claim = Claim { token: memory.token, held: memory.held.clone(), counters: memory.counters };
        self.writer = Some(writer);
        self.memory = Some(memory);
        Ok(Some(claim))
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let mut doubt = Doubt::default();
        let mut left = TRIES;
        loop {
            match self.attempt(commit, rows, &doubt).await {
                Ok(counters) => return Ok(counters),
                // Each such try refuses a row more or sends more of them alone, so this ends.
                Err(Stopped::Refused(more)) => {
                    doubt = more;
                    self.prepare_dead_letters().await?;
                }
                Err(Stopped::Failed(error @ KafkaError::Lost { .. })) if left > 1 => {
                    left -= 1;
                    tracing::warn!(%error, sink = self.plan.name, epoch = commit.epoch.0, "Committing again");
                }
                Err(Stopped::Failed(error)) => return Err(error.into()),
            }
        }
    }
}

/// At least once: everything is acknowledged when this returns. Blocking.
fn deliver(
    plan: &Plan,
    mut writer: Writer,
    commit: &Commit,
    rows: &[RecordBatch],
    doubt: &Doubt,
    may_refuse: bool,
) -> Result<(Writer, u64, u64), Stopped> {
    let deadline = Instant::now() + plan.options.transaction_timeout;
    match refused::write_all(plan, &mut writer, commit, rows, doubt, may_refuse, deadline) {
        Ok(refused) => {
            failpoint::hit("kafka.produced");
            let emitted: usize = rows.iter().map(RecordBatch::num_rows).sum();
            Ok((writer, emitted as u64 - refused, refused))
        }
        Err(stopped) => {
            writer.discard();
            Err(stopped)
        }
    }
}

/// A claim may be repeated: each one only raises the token.
fn retry_claim(error: &KafkaError) -> Retry {
    match error {
        KafkaError::Lost { .. } => Retry::Backoff,
        KafkaError::Client { transient: true, .. } => Retry::Backoff,
        KafkaError::Option(_)
        | KafkaError::Unreachable { .. }
        | KafkaError::Authentication { .. }
        | KafkaError::Tls { .. }
        | KafkaError::Forbidden(_)
        | KafkaError::TopicMissing { .. }
        | KafkaError::TopicGone { .. }
        | KafkaError::PartitionGone { .. }
        | KafkaError::OffsetExpired { .. }
        | KafkaError::OffsetAhead { .. }
        | KafkaError::OffsetLost { .. }
        | KafkaError::NoCommittedOffset { .. }
        | KafkaError::Unreadable { .. }
        | KafkaError::Undelivered { .. }
        | KafkaError::Unflushed { .. }
        | KafkaError::Fenced { .. }
        | KafkaError::Contradiction(_)
        | KafkaError::Fatal(_)
        | KafkaError::Client { transient: false, .. }
        | KafkaError::Internal(_) => Retry::Never,
    }
}
