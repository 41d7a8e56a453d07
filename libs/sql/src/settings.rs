//! `SET 'key' = 'value'`: what the engine understands, what means nothing to it, and what it must refuse.

use crate::cursor::{Cursor, Name};
use crate::error::Problem;
use crate::nearest::nearest;
use datafusion_sql::sqlparser::tokenizer::Token;
use std::time::Duration;

/// What a script's `SET` statements say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `pipeline.name`
    pub pipeline_name: Option<String>,
    /// `parallelism.default`
    pub parallelism: Option<usize>,
    /// `execution.checkpointing.interval`
    pub checkpoint_interval: Option<Duration>,
    /// `table.exec.source.idle-timeout`; zero, as in Flink, is none.
    pub idle_timeout: Option<Duration>,
    /// `table.exec.state.ttl`: of results that change; zero, as in Flink, keeps them for ever.
    pub state_ttl: Option<Duration>,
    /// `ibb.window.allowed-lateness`: how long windows take rows after they have closed.
    pub allowed_lateness: Option<Duration>,
    /// `ibb.dead-letters`: as `--dead-letters`, which wins.
    pub dead_letters: Option<String>,
    /// `ibb.source.rows-per-second`: per source instance.
    pub rows_per_second_max: Option<u64>,
    /// `ibb.source.batch-rows`
    pub batch_rows_max: Option<usize>,
    /// Settings of a Flink cluster that mean nothing here, as `key = value`.
    pub unused: Vec<(String, String)>,
}

const KNOWN: [&str; 10] = [
    "pipeline.name",
    "parallelism.default",
    "execution.checkpointing.interval",
    "table.local-time-zone",
    "table.exec.source.idle-timeout",
    "table.exec.state.ttl",
    "ibb.source.rows-per-second",
    "ibb.source.batch-rows",
    "ibb.window.allowed-lateness",
    "ibb.dead-letters",
];

/// Settings of a cluster, its state and its client: rows come out the same without them.
const UNUSED: [&str; 17] = [
    "state.backend.*",
    "state.checkpoints.*",
    "state.savepoints.*",
    "execution.checkpointing.*",
    "execution.attached",
    "execution.shutdown-on-attached-exit",
    "execution.target",
    "restart-strategy.*",
    "sql-client.*",
    "table.dml-sync",
    "pipeline.max-parallelism",
    "pipeline.object-reuse",
    "pipeline.operator-chaining.*",
    "pipeline.jars",
    "rest.*",
    "taskmanager.*",
    "jobmanager.*",
];

/// Settings that change which rows come out.
const REFUSED: [&str; 12] = [
    "table.exec.mini-batch.*",
    "table.exec.state.*",
    "table.exec.emit.*",
    "table.exec.sink.*",
    "table.exec.legacy-cast-behaviour",
    "table.exec.source.cdc-events-duplicate",
    "table.exec.async-lookup.*",
    "table.optimizer.*",
    "table.sql-dialect",
    "execution.state-recovery.*",
    "pipeline.auto-watermark-interval",
    "pipeline.time-characteristic",
];

fn matches(pattern: &str, key: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => pattern == key,
    }
}

impl Settings {
    /// Reads a statement that begins with `SET`.
    pub(crate) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Problem> {
        cursor.expect(&["SET"])?;
        let key = cursor.string("a setting's key")?;
        cursor.expect_symbol(&Token::Eq)?;
        let value = cursor.string("a setting's value")?;
        cursor.expect_end()?;
        self.set(&key, &value)
    }

    fn set(&mut self, key: &Name, value: &Name) -> Result<(), Problem> {
        match key.value.as_str() {
            "pipeline.name" => self.pipeline_name = Some(value.value.clone()),
            "parallelism.default" => self.parallelism = Some(positive(value)?),
            "execution.checkpointing.interval" => {
                let interval = duration(value)?;
                if interval.is_zero() {
                    return Err(Problem::new(&value.place, "the checkpoint interval must be above zero"));
                }
                self.checkpoint_interval = Some(interval);
            }
            "table.exec.source.idle-timeout" => {
                self.idle_timeout = Some(duration(value)?).filter(|timeout| !timeout.is_zero());
            }
            "table.exec.state.ttl" => self.state_ttl = Some(duration(value)?).filter(|ttl| !ttl.is_zero()),
            "ibb.window.allowed-lateness" => {
                self.allowed_lateness = Some(duration(value)?).filter(|lateness| !lateness.is_zero());
            }
            "ibb.dead-letters" => self.dead_letters = Some(value.value.clone()),
            "ibb.source.rows-per-second" => self.rows_per_second_max = Some(positive(value)? as u64),
            "ibb.source.batch-rows" => self.batch_rows_max = Some(positive(value)?),
            "table.local-time-zone" => {
                if !["UTC", "Etc/UTC", "GMT", "Z", "+00:00"].contains(&value.value.as_str()) {
                    let what = format!("session time zone '{}' (only UTC is)", value.value);
                    return Err(Problem::unsupported(&value.place, what));
                }
            }
            "execution.runtime-mode" => match value.value.to_lowercase().as_str() {
                "streaming" => self.unused.push((key.value.clone(), value.value.clone())),
                _ => {
                    let what = format!("runtime mode '{}' (only streaming is)", value.value);
                    return Err(Problem::unsupported(&value.place, what));
                }
            },
            other if REFUSED.iter().any(|pattern| matches(pattern, other)) => {
                return Err(Problem::unsupported(&key.place, format!("setting '{other}'")));
            }
            other if UNUSED.iter().any(|pattern| matches(pattern, other)) => {
                self.unused.retain(|(known, _)| known != other);
                self.unused.push((other.into(), value.value.clone()));
            }
            other => {
                let known =
                    KNOWN.iter().chain(&UNUSED).chain(&REFUSED).copied().chain(["execution.runtime-mode"]);
                let hint = match nearest(other, known) {
                    Some(name) => format!("did you mean '{name}'?"),
                    None => format!("the engine understands: {}", KNOWN.join(", ")),
                };
                return Err(Problem::new(&key.place, format!("unknown setting '{other}'; {hint}")));
            }
        }
        Ok(())
    }
}

fn positive(value: &Name) -> Result<usize, Problem> {
    match value.value.trim().parse::<usize>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Problem::new(&value.place, "expected a whole number above zero")),
    }
}

/// A duration as Flink writes it: a number and a unit; milliseconds when none is given.
pub(crate) fn duration(value: &Name) -> Result<Duration, Problem> {
    let text = value.value.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let nanos = match text[digits..].trim().to_lowercase().as_str() {
        "d" | "day" | "days" => 86_400_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "m" | "min" | "minute" | "minutes" => 60_000_000_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        _ => 0,
    };
    match text[..digits].parse::<u64>().ok().and_then(|number| number.checked_mul(nanos)) {
        Some(total) if nanos > 0 => Ok(Duration::from_nanos(total)),
        _ => Err(Problem::new(&value.place, "expected a duration such as '5 s', '1 min' or '500 ms'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::statements;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let mut settings = Settings::default();
        let mut lines = Vec::new();
        for statement in statements(text).unwrap() {
            let mut cursor = Cursor::new(&statement.tokens, statement.number);
            if let Err(problem) = settings.read(&mut cursor) {
                lines.push(problem.to_string());
            }
        }
        if lines.is_empty() {
            lines.push(format!("{settings:?}"));
        }
        expect.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn known_settings() {
        check(
            "SET 'pipeline.name' = 'p'; SET 'parallelism.default' = '4'; SET 'execution.checkpointing.interval' = '1 s';
             SET 'table.local-time-zone' = 'UTC'; SET 'table.exec.source.idle-timeout' = '2min';
             SET 'ibb.source.rows-per-second' = '1000'; SET 'ibb.source.batch-rows' = '64'",
            expect![[r#"Settings { pipeline_name: Some("p"), parallelism: Some(4), checkpoint_interval: Some(1s), idle_timeout: Some(120s), state_ttl: None, allowed_lateness: None, dead_letters: None, rows_per_second_max: Some(1000), batch_rows_max: Some(64), unused: [] }"#]],
        );
    }

    #[test]
    fn settings_of_a_cluster_are_kept_apart() {
        check(
            "SET 'state.backend.type' = 'rocksdb'; SET 'restart-strategy.type' = 'fixed-delay';
             SET 'execution.runtime-mode' = 'streaming'; SET 'execution.checkpointing.mode' = 'EXACTLY_ONCE'",
            expect![[
                r#"Settings { pipeline_name: None, parallelism: None, checkpoint_interval: None, idle_timeout: None, state_ttl: None, allowed_lateness: None, dead_letters: None, rows_per_second_max: None, batch_rows_max: None, unused: [("state.backend.type", "rocksdb"), ("restart-strategy.type", "fixed-delay"), ("execution.runtime-mode", "streaming"), ("execution.checkpointing.mode", "EXACTLY_ONCE")] }"#
            ]],
        );
    }

    #[test]
    fn what_would_change_the_rows_is_refused() {
        check(
            "SET 'execution.runtime-mode' = 'batch';
             SET 'table.exec.mini-batch.enabled' = 'true';
             SET 'table.local-time-zone' = 'Europe/Berlin'",
            expect![[r#"
                line 1, column 32, at ''batch'': runtime mode 'batch' (only streaming is) is not supported yet by the embedded engine; it runs on a Flink cluster
                line 2, column 18, at ''table.exec.mini-batch.enabled'': setting 'table.exec.mini-batch.enabled' is not supported yet by the embedded engine; it runs on a Flink cluster
                line 3, column 44, at ''Europe/Berlin'': session time zone 'Europe/Berlin' (only UTC is) is not supported yet by the embedded engine; it runs on a Flink cluster"#]],
        );
    }

    #[test]
    fn unknown_settings_and_bad_values() {
        check(
            "SET 'paralelism.default' = '2'; SET 'zzz' = '1'; SET 'parallelism.default' = '0';
             SET 'execution.checkpointing.interval' = 'soon'; SET a = 1; SET 'a' 'b'",
            expect![[r#"
                line 1, column 5, at ''paralelism.default'': unknown setting 'paralelism.default'; did you mean 'parallelism.default'?
                line 1, column 37, at ''zzz'': unknown setting 'zzz'; the engine understands: pipeline.name, parallelism.default, execution.checkpointing.interval, table.local-time-zone, table.exec.source.idle-timeout, table.exec.state.ttl, ibb.source.rows-per-second, ibb.source.batch-rows, ibb.window.allowed-lateness, ibb.dead-letters
                line 1, column 78, at ''0'': expected a whole number above zero
                line 2, column 55, at ''soon'': expected a duration such as '5 s', '1 min' or '500 ms'
                line 2, column 67, at 'a': expected a setting's key in '…'
                line 2, column 82, at ''b'': expected '='"#]],
        );
    }
}
