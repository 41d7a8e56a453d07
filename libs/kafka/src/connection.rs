//! What the client library says about its brokers: remembered for error messages, logged once per change, and a gauge.

use metrics::{Gauge, gauge};
use rdkafka::ClientContext;
use rdkafka::TopicPartitionList;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by all clients of one table or producer.
pub(crate) struct Connection {
    pub brokers: String,
    pub protocol: &'static str,
    /// What the metric and the logs call it.
    name: String,
    connected: AtomicBool,
    /// Nobody uses it any more, while its clients are freed in the background.
    closed: AtomicBool,
    gauge: Gauge,
    heard: Mutex<Heard>,
}

/// The latest word on each kind of trouble.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub transport: Option<String>,
    pub authentication: Option<String>,
    pub tls: Option<String>,
    pub fatal: Option<String>,
    /// The last error of a commit, so that the same one is logged once.
    commit: Option<String>,
}

impl Connection {
    pub fn new(name: &str, brokers: &str, protocol: &'static str) -> Arc<Self> {
        let gauge = gauge!("ibb_kafka_connected", "client" => name.to_owned());
        gauge.set(0.0);
        Arc::new(Self {
            brokers: brokers.into(),
            protocol,
            name: name.into(),
            connected: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            gauge,
            heard: Mutex::default(),
        })
    }

    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// A broker answered.
    pub fn alive(&self) {
        // A load is cheaper than a swap, and this is called for every chunk of records.
        if !self.is_connected() && !self.connected.swap(true, Ordering::Relaxed) {
            self.gauge.set(1.0);
            self.heard().transport = None;
            tracing::info!(client = self.name, brokers = self.brokers, "connected to kafka");
        }
    }

    /// From now on a broker that goes is no news.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn lost(&self, reason: &str) {
        if self.connected.swap(false, Ordering::Relaxed) && !self.closed.load(Ordering::Relaxed) {
            self.gauge.set(0.0);
            let (client, brokers) = (&self.name, &self.brokers);
            tracing::warn!(client, brokers, reason, "every broker is gone; work goes on when one is back");
        }
    }

    pub fn error(&self, code: RDKafkaErrorCode, reason: &str) {
        match code {
            RDKafkaErrorCode::AllBrokersDown => self.lost(reason),
            RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => {
                tracing::debug!(client = self.name, reason, "a broker refuses the credentials");
                self.heard().authentication = Some(reason.into());
            }
            RDKafkaErrorCode::SSL => self.heard().tls = Some(reason.into()),
            RDKafkaErrorCode::Fatal => self.heard().fatal = Some(reason.into()),
            // Single connections come and go; the library reconnects by itself.
            _ => {
                tracing::debug!(client = self.name, %code, reason, "trouble with a broker");
                self.heard().transport = Some(reason.into());
            }
        }
    }

    pub fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let client = &self.name;
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(target: "librdkafka", client, facility, "{message}");
            }
            // Everything that matters arrives as an error too, where it is logged once per change.
            RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning
            | RDKafkaLogLevel::Notice
            | RDKafkaLogLevel::Info
            | RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", client, facility, "{message}"),
        }
    }
}

/// The face the client library knows of a [`Connection`].
#[derive(Clone)]
pub(crate) struct Session(pub Arc<Connection>);

impl ClientContext for Session {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.0.error(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown), reason);
    }
}

impl ConsumerContext for Session {
    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        let error = result.err().map(|error| error.to_string());
        let before = std::mem::replace(&mut self.0.heard().commit, error.clone());
        if let Some(error) = error
            && before.as_ref() != Some(&error)
        {
            let client = &self.0.name;
            tracing::warn!(
                client,
                error,
                "group offsets were not committed; they show progress only, no data is lost"
            );
        }
    }
}
