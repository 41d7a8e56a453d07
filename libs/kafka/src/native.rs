//! The few calls of librdkafka that the `rdkafka` crate does not offer: taking many messages at once, each with its
//! topic, and the cached end of a partition.
//!
//! The crate polls one event at a time, and its end-of-partition event does not say of which topic it is.

use crate::connection::{Connection, Session};
use crate::partition::TopicPartition;
use rdkafka::bindings as sys;
use rdkafka::client::{Client, ClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// Messages taken per call: enough to make the call cheap, few enough to stay in cache.
const MESSAGES_MAX: usize = 2048;

/// The queue all partitions of a consumer share. The consumer's own `poll` must not be called beside it.
pub(crate) struct MessageQueue {
    data: *mut sys::rd_kafka_queue_t,
    events: *mut sys::rd_kafka_queue_t,
    taken: Vec<*mut sys::rd_kafka_message_t>,
    consumer: Arc<BaseConsumer<Session>>,
}

// SAFETY: librdkafka's queues may be used from any thread, one at a time; `&mut self` sees to that.
unsafe impl Send for MessageQueue {}

/// One message, valid until the next is taken.
pub(crate) struct Message<'a>(&'a sys::rd_kafka_message_t);

impl MessageQueue {
    pub fn new(consumer: Arc<BaseConsumer<Session>>) -> Self {
        let client = consumer.client().native_ptr();
        // SAFETY: `client` lives as long as `consumer`, which this struct keeps; the handles are destroyed in `drop`.
        // Forwarding the main queue to nowhere undoes what the crate set up, so that logs and errors stay apart from
        // messages: they are read by `serve_events`.
        let (data, events) = unsafe {
            let events = sys::rd_kafka_queue_get_main(client);
            sys::rd_kafka_queue_forward(events, ptr::null_mut());
            (sys::rd_kafka_queue_get_consumer(client), events)
        };
        assert!(!data.is_null(), "a consumer with a group id has a consumer queue");
        Self { data, events, taken: Vec::with_capacity(MESSAGES_MAX), consumer }
    }

    /// What is there right now; waits up to `wait` for the first message only.
    pub fn take(&mut self, wait: Duration) -> Drained<'_> {
        let mut count = self.fill(Duration::ZERO, MESSAGES_MAX);
        if count == 0 && !wait.is_zero() {
            count = self.fill(wait, 1);
        }
        Drained { taken: self.taken[..count].iter(), held: ptr::null_mut() }
    }

    fn fill(&mut self, wait: Duration, count_max: usize) -> usize {
        let wait_ms = wait.as_millis().min(i32::MAX as u128) as i32;
        // SAFETY: the vector has room for MESSAGES_MAX pointers, of which the call writes as many as it returns.
        unsafe {
            let count = sys::rd_kafka_consume_batch_queue(
                self.data,
                wait_ms,
                self.taken.as_mut_ptr(),
                count_max.min(MESSAGES_MAX),
            );
            let count = count.max(0) as usize;
            self.taken.set_len(count);
            count
        }
    }

    /// Hands logs and errors to `connection`.
    pub fn serve_events(&mut self, connection: &Connection) {
        loop {
            // SAFETY: the event is ours until destroyed; the texts are copied before that.
            unsafe {
                let event = sys::rd_kafka_queue_poll(self.events, 0);
                if event.is_null() {
                    return;
                }
                match sys::rd_kafka_event_type(event) {
                    sys::RD_KAFKA_EVENT_ERROR => {
                        let code = RDKafkaErrorCode::from(sys::rd_kafka_event_error(event));
                        connection.error(code, &text(sys::rd_kafka_event_error_string(event)));
                    }
                    sys::RD_KAFKA_EVENT_LOG => {
                        let (mut facility, mut message, mut level) = (ptr::null(), ptr::null(), 0);
                        if sys::rd_kafka_event_log(event, &mut facility, &mut message, &mut level) == 0 {
                            connection.log(log_level(level), &text(facility), &text(message));
                        }
                    }
                    _ => {}
                }
                sys::rd_kafka_event_destroy(event);
            }
        }
    }
}

impl Drop for MessageQueue {
    fn drop(&mut self) {
        // SAFETY: both handles came from librdkafka and are given back once. The main queue is joined to the messages
        // again: at its end the client empties only the main queue, and messages left elsewhere would keep it for ever.
        unsafe {
            sys::rd_kafka_poll_set_consumer(self.consumer.client().native_ptr());
            sys::rd_kafka_queue_destroy(self.data);
            sys::rd_kafka_queue_destroy(self.events);
        }
    }
}

/// Messages taken from the queue; those not looked at are given back unread when it is dropped.
pub(crate) struct Drained<'a> {
    taken: std::slice::Iter<'a, *mut sys::rd_kafka_message_t>,
    held: *mut sys::rd_kafka_message_t,
}

impl Drained<'_> {
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// The next message; the one before is freed.
    pub fn next(&mut self) -> Option<Message<'_>> {
        self.free_held();
        self.held = *self.taken.next()?;
        // SAFETY: librdkafka gave this message to us; it is freed by `free_held` only, once the borrow has ended.
        Some(Message(unsafe { &*self.held }))
    }

    fn free_held(&mut self) {
        let held = std::mem::replace(&mut self.held, ptr::null_mut());
        if !held.is_null() {
            // SAFETY: taken out of the iterator once and forgotten just now, so it is freed once.
            unsafe { sys::rd_kafka_message_destroy(held) };
        }
    }
}

impl Drop for Drained<'_> {
    fn drop(&mut self) {
        while self.next().is_some() {}
    }
}

/// The broker the cluster says is its controller; waits up to `wait` for the first answer of a broker.
pub(crate) fn controller_id<C: ClientContext>(client: &Client<C>, wait: Duration) -> i32 {
    let wait_ms = wait.as_millis().min(i32::MAX as u128) as i32;
    // SAFETY: the client is alive.
    unsafe { sys::rd_kafka_controllerid(client.native_ptr(), wait_ms) }
}

/// The ends of partitions as the last answers of their brokers said.
pub(crate) struct Watermarks(Arc<BaseConsumer<Session>>);

impl Watermarks {
    pub fn new(consumer: Arc<BaseConsumer<Session>>) -> Self {
        Self(consumer)
    }

    /// `None` before the first answer.
    pub fn high(&self, topic: &CStr, partition: i32) -> Option<i64> {
        let (mut low, mut high) = (-1, -1);
        // SAFETY: reads a cache; the pointers are valid for the call.
        let result = unsafe {
            let client = self.0.client().native_ptr();
            sys::rd_kafka_get_watermark_offsets(client, topic.as_ptr(), partition, &mut low, &mut high)
        };
        let known = result == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0;
        known.then_some(high)
    }
}

impl Message<'_> {
    pub fn error(&self) -> Option<RDKafkaErrorCode> {
        let error = self.0.err;
        (error != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| error.into())
    }

    /// What distinguishes the topic from the others of this client, for as long as it is assigned.
    pub fn topic_key(&self) -> usize {
        self.0.rkt as usize
    }

    pub fn partition(&self) -> i32 {
        self.0.partition
    }

    pub fn offset(&self) -> i64 {
        self.0.offset
    }

    /// `None`: a tombstone. Of an error: its text.
    pub fn payload(&self) -> Option<&[u8]> {
        // SAFETY: librdkafka keeps `len` bytes there as long as the message lives.
        (!self.0.payload.is_null())
            .then(|| unsafe { std::slice::from_raw_parts(self.0.payload.cast::<u8>(), self.0.len) })
    }

    /// In ms since 1970; -1 where the broker keeps none.
    pub fn timestamp_ms(&self) -> i64 {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive.
        unsafe { sys::rd_kafka_message_timestamp(self.0, &mut kind) }
    }

    /// Its topic and partition; `None` for an error of the client as a whole.
    pub fn topic_partition(&self) -> Option<TopicPartition> {
        if self.0.rkt.is_null() {
            return None;
        }
        // SAFETY: a message keeps its topic alive.
        let topic = unsafe { text(sys::rd_kafka_topic_name(self.0.rkt)) };
        Some(TopicPartition { topic: topic.into(), partition: self.0.partition })
    }

    /// The text of an error.
    pub fn reason(&self) -> String {
        match self.payload() {
            Some(text) if !text.is_empty() => String::from_utf8_lossy(text).into_owned(),
            _ => self.error().map(|code| code.to_string()).unwrap_or_default(),
        }
    }
}

/// # Safety
/// `text` is null or a C string.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().trim().to_owned()
}

fn log_level(level: i32) -> RDKafkaLogLevel {
    match level {
        0 => RDKafkaLogLevel::Emerg,
        1 => RDKafkaLogLevel::Alert,
        2 => RDKafkaLogLevel::Critical,
        3 => RDKafkaLogLevel::Error,
        4 => RDKafkaLogLevel::Warning,
        5 => RDKafkaLogLevel::Notice,
        6 => RDKafkaLogLevel::Info,
        _ => RDKafkaLogLevel::Debug,
    }
}

/// A topic's name for C; names with a zero byte do not exist.
pub(crate) fn c_name(topic: &str) -> CString {
    CString::new(topic).unwrap_or_default()
}
