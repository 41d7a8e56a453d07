//! The report: arithmetic over what was seen, and the verdict.

use super::measure::Latencies;
use hdrhistogram::Histogram;
use postgres::Counted;
use serde_json::{Value, json};
use service::Engine;
use std::fmt::Write as _;
use std::time::Duration;

/// What a run was asked to do.
#[derive(Clone, Debug)]
pub struct Asked {
    pub engine: Engine,
    pub per_second: u32,
    pub checkpoint_interval: Duration,
    pub parallelism: usize,
    pub partitions: u32,
    pub warm_up: Duration,
    /// A broker whose figures are not a real one's.
    pub embedded_kafka: bool,
    pub embedded_postgresql: bool,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Messages whose time had come when sending ended.
    pub due: u64,
    pub sent: u64,
    pub acknowledged: u64,
    pub not_delivered: u64,
    /// From the first message due to the last one sent.
    pub sending: Duration,
    /// From the last message due to the last row committed; `None`: not within the deadline.
    pub drained: Option<Duration>,
    /// What the sink reported committed.
    pub reported: u64,
    pub counted: Counted,
    pub cpu_seconds: Option<f64>,
    pub peak_rss_bytes: Option<u64>,
}

pub struct Report {
    pub asked: Asked,
    pub seen: Seen,
    pub latencies: Latencies,
}

impl Report {
    /// A row may come two epochs and a second after its message was due; beyond that the system lags behind.
    pub fn drained_max(&self) -> Duration {
        self.asked.checkpoint_interval * 2 + Duration::from_secs(1)
    }

    /// Acknowledged by Kafka and not in the table.
    pub fn lost(&self) -> u64 {
        self.seen.acknowledged.saturating_sub(self.seen.counted.distinct)
    }

    /// Rows that are in the table once more than they should.
    pub fn doubled(&self) -> u64 {
        self.seen.counted.rows - self.seen.counted.distinct
    }

    /// Everything that keeps the run from being a success, in words.
    pub fn problems(&self) -> Vec<String> {
        let seen = &self.seen;
        let mut problems = Vec::new();
        if self.lost() > 0 {
            problems.push(format!(
                "lost: {} of {} acknowledged messages are not in the table",
                self.lost(),
                seen.acknowledged
            ));
        }
        if self.doubled() > 0 {
            problems.push(format!("doubled: {} rows are in the table more than once", self.doubled()));
        }
        let beyond = seen.counted.greatest.is_some_and(|seq| seq < 0 || seq as u64 >= seen.sent);
        if beyond || seen.counted.least.is_some_and(|seq| seq < 0) {
            problems.push("strange: there are rows whose number was never sent".into());
        }
        if seen.not_delivered > 0 || seen.acknowledged < seen.sent {
            let missing = seen.sent - seen.acknowledged.min(seen.sent);
            problems.push(format!("not delivered: Kafka acknowledged {missing} messages too few"));
        }
        if seen.sent == 0 {
            problems.push("nothing was sent".into());
        }
        if seen.sent < seen.due {
            let missing = seen.due - seen.sent;
            problems.push(format!("not sustained: {missing} of {} due messages were not sent", seen.due));
        }
        match seen.drained {
            None => problems.push("not sustained: the rows were not all committed by the deadline".into()),
            Some(drained) if drained > self.drained_max() => problems.push(format!(
                "not sustained: the last row was committed {} after its message was due; {} are allowed",
                seconds(drained),
                seconds(self.drained_max())
            )),
            Some(_) => {}
        }
        // A backlog that was worked off before the end shows here only.
        let p99 = Duration::from_micros(self.latencies.total.value_at_quantile(0.99));
        if p99 > self.drained_max() {
            problems.push(format!(
                "not sustained: the p99 latency was {}; {} are allowed",
                seconds(p99),
                seconds(self.drained_max())
            ));
        }
        problems
    }

    /// Messages handed to Kafka per second.
    pub fn sent_per_second(&self) -> f64 {
        per_second(self.seen.sent, self.seen.sending)
    }

    /// Rows committed per second, until the last one.
    pub fn committed_per_second(&self) -> f64 {
        per_second(self.seen.counted.distinct, self.seen.sending + self.seen.drained.unwrap_or_default())
    }

    /// A cluster does not tell the ways within it.
    fn stages(&self) -> Vec<(&'static str, &'static str, &Histogram<u64>)> {
        let latencies = &self.latencies;
        let mut stages = vec![
            ("total", "due → row committed", &latencies.total),
            ("sending", "due → handed to the client", &latencies.sending),
        ];
        if self.asked.engine == Engine::Embedded {
            stages.extend([
                ("reading", "handed over → decoded by the engine", &latencies.reading),
                ("waiting", "handed over → epoch durable, commit begins", &latencies.waiting),
                ("commit", "the sink's commit, one per epoch", &latencies.commit),
            ]);
        }
        stages
    }

    pub fn to_json(&self) -> Value {
        let (asked, seen) = (&self.asked, &self.seen);
        let stages = self.stages().into_iter();
        let stages = stages.map(|(name, _, histogram)| (name.to_owned(), of_histogram(histogram)));
        let problems = self.problems();
        json!({
            "passed": problems.is_empty(),
            "problems": problems,
            "engine": asked.engine.to_string(),
            "embedded": {"kafka": asked.embedded_kafka, "postgresql": asked.embedded_postgresql},
            "checkpoint_interval_ms": asked.checkpoint_interval.as_millis() as u64,
            "parallelism": asked.parallelism,
            "partitions": asked.partitions,
            "warm_up_seconds": asked.warm_up.as_secs(),
            "messages_per_second": {
                "asked": asked.per_second,
                "sent": rounded(self.sent_per_second()),
                "committed": rounded(self.committed_per_second()),
            },
            "messages": {
                "due": seen.due,
                "sent": seen.sent,
                "acknowledged": seen.acknowledged,
                "not_delivered": seen.not_delivered,
            },
            "rows": {
                "reported": seen.reported,
                "counted": seen.counted.rows,
                "distinct": seen.counted.distinct,
                "lost": self.lost(),
                "doubled": self.doubled(),
            },
            "sending_seconds": rounded(seen.sending.as_secs_f64()),
            "drained_seconds": seen.drained.map(|drained| rounded(drained.as_secs_f64())),
            "latency_ms": serde_json::Map::from_iter(stages),
            "cpu_seconds": seen.cpu_seconds.map(rounded),
            "peak_rss_bytes": seen.peak_rss_bytes,
        })
    }

    pub fn to_text(&self) -> String {
        let (asked, seen) = (&self.asked, &self.seen);
        let mut text = String::new();
        // Writing to memory does not fail.
        let mut line = |label: &str, value: String| {
            let _ = writeln!(text, "{label:<12}{value}");
        };
        line(
            "load",
            format!(
                "{} messages/s for {}, {} partitions, parallelism {}, checkpoint interval {} ms",
                asked.per_second,
                seconds(seen.sending),
                asked.partitions,
                asked.parallelism,
                asked.checkpoint_interval.as_millis()
            ),
        );
        if asked.embedded_kafka {
            line(
                "mind",
                "this Kafka is embedded, a mock in memory: its figures are not a real broker's".into(),
            );
        }
        if asked.engine == Engine::Flink {
            let what = "flink: its sink writes at least once; a row counts from when PostgreSQL took it";
            line("engine", what.into());
        }
        line("messages", format!("{} due, {} sent, {} acknowledged", seen.due, seen.sent, seen.acknowledged));
        line(
            "rows",
            format!(
                "{} counted by PostgreSQL, {} lost, {} doubled",
                seen.counted.rows,
                self.lost(),
                self.doubled()
            ),
        );
        line(
            "throughput",
            format!(
                "{:.0}/s sent, {:.0}/s committed; the last row {} after its message was due",
                self.sent_per_second(),
                self.committed_per_second(),
                seen.drained.map_or_else(|| "did not come".into(), seconds)
            ),
        );
        let warm_up = match asked.warm_up.as_secs() {
            0 => String::new(),
            seconds => format!(", without the first {seconds} s"),
        };
        line("latency", format!("ms{warm_up}: p50, p95, p99, max"));
        for (name, what, histogram) in self.stages() {
            line(&format!("  {name}"), format!("{}   {what}", four(histogram)));
        }
        line("used", self.used());
        let problems = self.problems();
        line(
            "verdict",
            if problems.is_empty() {
                "sustained, nothing lost or doubled".into()
            } else {
                problems.join("; ")
            },
        );
        text
    }

    fn used(&self) -> String {
        let seen = &self.seen;
        format!(
            "{} CPU seconds, {} MiB at most; {}",
            seen.cpu_seconds.map_or_else(|| "?".into(), |used| format!("{used:.1}")),
            seen.peak_rss_bytes.map_or_else(|| "?".into(), |bytes| (bytes >> 20).to_string()),
            match self.asked.engine {
                Engine::Embedded => "dev services and brokers apart",
                Engine::Flink | Engine::Spark => "by the load alone, the cluster apart",
            }
        )
    }
}

fn of_histogram(histogram: &Histogram<u64>) -> Value {
    let ms = |us: u64| rounded(us as f64 / 1000.0);
    let at = |quantile: f64| ms(histogram.value_at_quantile(quantile));
    json!({
        "count": histogram.len(),
        "p50": at(0.5),
        "p95": at(0.95),
        "p99": at(0.99),
        "max": ms(histogram.max()),
    })
}

fn four(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() {
        return format!("{:>43}", "nothing was measured");
    }
    let quantiles = [0.5, 0.95, 0.99].map(|quantile| histogram.value_at_quantile(quantile));
    let values = quantiles.into_iter().chain([histogram.max()]);
    values.map(|us| format!("{:>10.1}", us as f64 / 1000.0)).collect::<Vec<_>>().join(" ")
}

fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
