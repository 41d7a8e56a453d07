//! One client that sends the rows of an epoch and hears what became of each.

use crate::KafkaError;
use crate::cluster::{detached, refused};
use crate::connection::Connection;
use crate::error::is_final;
use crate::properties::for_producer;
use crate::sink::Plan;
use crate::sink::options::{Guarantee, Partitioner};
use crate::sink::records::Outgoing;
use arrow::record_batch::RecordBatch;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// librdkafka's default of `message.max.bytes` and `batch.size`.
const BATCH_BYTES: usize = 1_000_000;
/// Reports are taken at least this often while records are sent.
const SERVE_EVERY: usize = 1024;
/// How long to wait for reports before looking at the time.
const SERVE_WAIT: Duration = Duration::from_millis(100);
/// The number of a record that is no row.
pub(crate) const NO_ROW: usize = usize::MAX;

pub(crate) struct Writer {
    pub producer: BaseProducer<Deliveries>,
    plan: Arc<Plan>,
    /// Larger records are refused here: bytes of a batch that holds just one.
    record_bytes_max: usize,
    next_partition: i32,
}

/// What earlier tries of an epoch taught about its rows, by their number in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubt {
    /// Refused for good, and why.
    pub refused: BTreeMap<usize, String>,
    /// Were in a batch that was refused; each is sent in a batch of its own, so that it answers for itself.
    pub alone: BTreeSet<usize>,
    /// Nothing but these is missing; `None`: everything.
    pub missing: Option<BTreeSet<usize>>,
}

/// Why a try ended.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Rows were refused; try again with what this taught.
    Refused(Doubt),
    Failed(KafkaError),
}

impl From<KafkaError> for Stopped {
    fn from(error: KafkaError) -> Self {
        Self::Failed(error)
    }
}

impl Writer {
    /// Makes the client; nothing is reached yet.
    pub fn open(plan: &Arc<Plan>) -> Result<Self, KafkaError> {
        let options = &plan.options;
        let mut config = options.settings.client_config(for_producer);
        let given = |name: &str| options.settings.get(name).and_then(|text| text.parse::<usize>().ok());
        let topic_max = plan.rules.batch_bytes_max;
        let message_max = given("message.max.bytes").or(topic_max).unwrap_or(BATCH_BYTES);
        let timeout_ms = options.transaction_timeout.as_millis().to_string();
        for (name, value) in [
            // As the Java client places records: equal keys meet whoever wrote them.
            ("partitioner", "murmur2_random".to_owned()),
            // Bounds of what the client holds; a full one is waited for.
            ("queue.buffering.max.kbytes", "65536".into()),
            // The library's own bounds; the brokers' may be lower, or higher.
            ("message.max.bytes", message_max.max(1000).to_string()),
            ("batch.size", topic_max.unwrap_or(BATCH_BYTES).clamp(1, BATCH_BYTES).to_string()),
        ] {
            if config.get(name).is_none() {
                config.set(name, value);
            }
        }
        config.set("enable.idempotence", "true");
        config.set("transaction.timeout.ms", &timeout_ms);
        match options.guarantee {
            Guarantee::ExactlyOnce => {
                config.set("transactional.id", &plan.transactional_id);
            }
            Guarantee::AtLeastOnce => {
                if config.get("message.timeout.ms").is_none() && config.get("delivery.timeout.ms").is_none() {
                    config.set("message.timeout.ms", timeout_ms);
                }
            }
        }
        let connection = plan.cluster.connection.clone();
        let context = Deliveries { connection: connection.clone(), failed: Mutex::default() };
        let producer: BaseProducer<Deliveries> =
            config.create_with_context(context).map_err(|cause| refused(&connection, cause))?;
        let record_bytes_max = topic_max.unwrap_or(usize::MAX).min(message_max);
        Ok(Self { producer, plan: plan.clone(), record_bytes_max, next_partition: 0 })
    }

    pub fn transactional(&self) -> bool {
        self.plan.options.guarantee == Guarantee::ExactlyOnce
    }

    /// Sends the rows and waits until each is acknowledged; returns those refused here, and why. Blocking.
    ///
    /// # Errors
    /// In a transaction the first record that fails ends the try, as the library sends no more then.
    pub fn write(
        &mut self,
        batches: &[RecordBatch],
        doubt: &Doubt,
        deadline: Instant,
    ) -> Result<BTreeMap<usize, String>, Stopped> {
        let plan = self.plan.clone();
        let mut found = BTreeMap::new();
        let mut number = 0;
        for batch in batches {
            let encoded = plan.records.encode(batch)?;
            for row in 0..encoded.len() {
                let this = number;
                number += 1;
                let missing = doubt.missing.as_ref().is_none_or(|missing| missing.contains(&this));
                if !missing || doubt.refused.contains_key(&this) {
                    continue;
                }
                let record = encoded.record(row);
                if let Some(why) = self.refuses(&record) {
                    found.insert(this, why);
                    continue;
                }
                let alone = doubt.alone.contains(&this);
                if alone {
                    self.drain(deadline)?;
                }
                if let Some(why) = self.send(&plan.options.topic, this, &record, deadline)? {
                    found.insert(this, why);
                    continue;
                }
                if alone {
                    self.drain(deadline)?;
                } else if number % SERVE_EVERY == 0 {
                    self.producer.poll(Duration::ZERO);
                }
                if self.transactional() && self.has_failed() {
                    return Err(self.stopped(doubt));
                }
            }
        }
        self.drain(deadline)?;
        match self.has_failed() {
            true => Err(self.stopped(doubt)),
            false => Ok(found),
        }
    }

    /// Why a record is not even sent.
    fn refuses(&self, record: &Outgoing<'_>) -> Option<String> {
        let bytes = record.batch_bytes();
        if bytes > self.record_bytes_max {
            let limit = self.record_bytes_max;
            return Some(format!("a record of {bytes} bytes; the topic takes {limit} (max.message.bytes)"));
        }
        // 0 means "now" to the library, and the brokers take no negative time.
        let before = record.timestamp_ms.filter(|time| *time <= 0)?;
        Some(format!("its timestamp is {before} ms since 1970; kafka takes later ones only"))
    }

    /// Hands one record to the library, waiting while its queue is full; says why if it is refused at once.
    pub fn send(
        &mut self,
        topic: &str,
        number: usize,
        outgoing: &Outgoing<'_>,
        deadline: Instant,
    ) -> Result<Option<String>, KafkaError> {
        let mut record: BaseRecord<'_, [u8], [u8], usize> = BaseRecord::with_opaque_to(topic, number);
        record.key = outgoing.key;
        record.payload = Some(outgoing.value);
        record.timestamp = outgoing.timestamp_ms;
        record.partition = if number == NO_ROW { None } else { self.partition() };
        if !outgoing.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(outgoing.headers.len());
            let insert = |headers: OwnedHeaders, (key, value): &(&str, Option<&[u8]>)| {
                headers.insert(Header { key, value: *value })
            };
            record.headers = Some(outgoing.headers.iter().fold(headers, insert));
        }
        loop {
            let (cause, again) = match self.producer.send(record) {
                Ok(()) => return Ok(None),
                Err(failed) => failed,
            };
            match cause.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) => {
                    self.producer.poll(SERVE_WAIT);
                    if self.transactional() && self.has_failed() {
                        // Nothing more is sent in this transaction; the caller sees why.
                        return Ok(None);
                    }
                    self.in_time(deadline)?;
                    record = again;
                }
                Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                    let bytes = outgoing.batch_bytes();
                    return Ok(Some(format!("a record of {bytes} bytes; {cause} (message.max.bytes)")));
                }
                _ => return Err(self.plan.sorted("sending records", &cause)),
            }
        }
    }

    fn partition(&mut self) -> Option<i32> {
        match self.plan.options.partitioner {
            Partitioner::Default => None,
            Partitioner::Fixed => Some(0),
            Partitioner::RoundRobin => {
                let partition = self.next_partition;
                self.next_partition = (partition + 1) % self.plan.partitions.max(1);
                Some(partition)
            }
        }
    }

    /// Waits until every record is acknowledged, or, in a transaction, one has failed.
    pub fn drain(&self, deadline: Instant) -> Result<(), KafkaError> {
        loop {
            if self.transactional() && self.has_failed() {
                return Ok(());
            }
            match self.producer.flush(SERVE_WAIT) {
                Ok(()) => return Ok(()),
                Err(_) => self.in_time(deadline)?,
            }
        }
    }

    fn in_time(&self, deadline: Instant) -> Result<(), KafkaError> {
        if Instant::now() < deadline {
            return Ok(());
        }
        let open = self.producer.in_flight_count();
        let heard = self.plan.cluster.connection.heard().transport.clone().unwrap_or_default();
        let timeout = self.plan.options.transaction_timeout;
        Err(self.plan.lost(
            "sending records",
            format!("{open} records are unacknowledged after {} s; {heard}", timeout.as_secs_f64()),
        ))
    }

    pub fn has_failed(&self) -> bool {
        !self.producer.context().failed().is_empty()
    }

    /// Sorts the failed records into refused rows, suspects, and trouble that is not theirs.
    pub fn stopped(&self, before: &Doubt) -> Stopped {
        let failed = std::mem::take(&mut *self.producer.context().failed());
        let foreign = failed.iter().find(|failed| !refuses_rows(failed.code) || failed.number == NO_ROW);
        if let Some(failed) = foreign {
            let cause = ClientError::MessageProduction(failed.code);
            if failed.number == NO_ROW && refuses_rows(failed.code) {
                let topic = self.plan.dead_letters_topic();
                return Stopped::Failed(KafkaError::client(
                    format!("keeping a refused row in topic '{topic}'"),
                    cause,
                ));
            }
            return Stopped::Failed(self.plan.sorted("sending records", &cause));
        }
        let mut doubt = before.clone();
        for failed in &failed {
            if before.alone.contains(&failed.number) {
                let why = format!("the brokers refuse a record of {} bytes: {}", failed.bytes, failed.code);
                doubt.refused.insert(failed.number, why);
            } else {
                doubt.alone.insert(failed.number);
            }
        }
        doubt.missing = (!self.transactional()).then(|| failed.iter().map(|failed| failed.number).collect());
        Stopped::Refused(doubt)
    }

    /// Closes the client in a thread of its own: that may take a while, and nothing depends on it.
    pub fn discard(self) {
        drop(detached(move || {
            drop(self);
            Ok(())
        }));
    }
}

/// Whether the brokers' answer is about the records themselves. It comes for a whole batch.
fn refuses_rows(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::MessageBatchTooLarge
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidDifferentRecord
    )
}

impl Plan {
    /// A failed call: what a person must change, or else an outcome that only a new claim can tell.
    pub fn sorted(&self, doing: &'static str, cause: &ClientError) -> KafkaError {
        let code = cause.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        if code == RDKafkaErrorCode::InvalidTransactionTimeout {
            return KafkaError::Option(format!(
                "option 'properties.transaction.timeout.ms': the brokers allow less than {} ms; lower it, or raise \
                 'transaction.max.timeout.ms' of the brokers",
                self.options.transaction_timeout.as_millis()
            ));
        }
        if is_final(code) {
            return KafkaError::client(format!("{doing} for topic '{}'", self.options.topic), cause.clone());
        }
        self.lost(doing, format!("{cause} ({code:?})"))
    }

    pub fn lost(&self, doing: &'static str, reason: String) -> KafkaError {
        KafkaError::Lost { transactional_id: self.transactional_id.clone(), doing, reason }
    }
}

/// Hears of every record what became of it.
pub(crate) struct Deliveries {
    connection: Arc<Connection>,
    failed: Mutex<Vec<FailedRecord>>,
}

struct FailedRecord {
    number: usize,
    bytes: usize,
    code: RDKafkaErrorCode,
}

impl Deliveries {
    fn failed(&self) -> std::sync::MutexGuard<'_, Vec<FailedRecord>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.connection.log(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.connection.error(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown), reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        match result {
            Ok(_) => self.connection.alive(),
            Err((error, message)) => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                let bytes = message.payload_len() + message.key_len();
                self.failed().push(FailedRecord { number, bytes, code });
            }
        }
    }
}
