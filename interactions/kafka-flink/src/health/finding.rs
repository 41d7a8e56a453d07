//! What a check found, and what a round of findings comes to.

use serde_json::{Map, Value, json};
use service::{Exit, Failure};
use std::time::Duration;

/// How a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Healthy,
    /// It answers, and something about it is alarming.
    Alert,
    /// It does not answer as it should.
    Unreachable,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Alert => "alert",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What one look at a component told. Never a secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// For people: `3 brokers, 12 topics`.
    pub summary: String,
    /// For programs.
    pub values: Map<String, Value>,
    /// What is alarming, in words.
    pub alerts: Vec<String>,
}

impl Facts {
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    pub fn alert(&mut self, alert: impl Into<String>) {
        self.alerts.push(alert.into());
    }
}

/// One component in one round.
#[derive(Clone, Debug)]
pub struct Finding {
    pub component: String,
    pub latency: Duration,
    /// The error says why there was no proper answer.
    pub answer: Result<Facts, String>,
}

impl Finding {
    pub fn state(&self) -> State {
        match &self.answer {
            Ok(facts) if facts.alerts.is_empty() => State::Healthy,
            Ok(_) => State::Alert,
            Err(_) => State::Unreachable,
        }
    }

    /// `kafka            healthy       3.1 ms  3 brokers …`
    pub fn to_text(&self) -> String {
        let words = match &self.answer {
            Ok(facts) => [std::slice::from_ref(&facts.summary), &facts.alerts].concat().join("; "),
            Err(reason) => reason.clone(),
        };
        let (component, state) = (&self.component, self.state().name());
        format!("{component:<16} {state:<11} {:>8.1} ms  {words}", self.latency.as_secs_f64() * 1000.0)
    }

    fn to_json(&self) -> Value {
        let latency_ms = (self.latency.as_secs_f64() * 1_000_000.0).round() / 1000.0;
        let mut value = json!({"state": self.state().name(), "latency_ms": latency_ms});
        match &self.answer {
            Ok(facts) => {
                value["summary"] = json!(facts.summary);
                value["alerts"] = json!(facts.alerts);
                value["facts"] = Value::Object(facts.values.clone());
            }
            Err(reason) => value["error"] = json!(reason),
        }
        value
    }
}

/// All components at one time.
#[derive(Clone, Debug)]
pub struct Round {
    pub number: u64,
    pub at_ms: i64,
    pub findings: Vec<Finding>,
}

impl Round {
    /// That of the worst component.
    pub fn state(&self) -> State {
        self.findings.iter().map(Finding::state).max().unwrap_or(State::Healthy)
    }

    pub fn to_text(&self) -> String {
        let time = time(self.at_ms);
        self.findings.iter().map(|finding| format!("{time} {}\n", finding.to_text())).collect()
    }

    pub fn to_json(&self) -> Value {
        let components = self.findings.iter().map(|f| (f.component.clone(), f.to_json()));
        json!({
            "time": time(self.at_ms),
            "round": self.number,
            "state": self.state().name(),
            "components": components.collect::<Map<_, _>>(),
        })
    }

    /// What a script learns from the exit code.
    ///
    /// # Errors
    /// 1 for an alert, 69 if a component did not answer.
    pub fn verdict(&self) -> Result<(), Failure> {
        let exit = match self.state() {
            State::Healthy => return Ok(()),
            State::Alert => Exit::Failure,
            State::Unreachable => Exit::Unavailable,
        };
        let ill: Vec<&Finding> = self.findings.iter().filter(|f| f.state() != State::Healthy).collect();
        let message = format!("{} of {} components are not healthy", ill.len(), self.findings.len());
        let detail = |finding: &Finding| match &finding.answer {
            Ok(facts) => format!("{}: {}", finding.component, facts.alerts.join("; ")),
            Err(reason) => format!("{}: {reason}", finding.component),
        };
        Err(ill.into_iter().fold(Failure::new(exit, message), |failure, f| failure.detail(detail(f))))
    }
}

fn time(ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(component: &str, answer: Result<Facts, String>) -> Finding {
        Finding { component: component.into(), latency: Duration::from_micros(3_120), answer }
    }

    fn alarmed() -> Facts {
        let mut facts = Facts::new("1 broker").with("brokers", 1);
        facts.alert("group a is 10001 records behind");
        facts
    }

    fn round(findings: Vec<Finding>) -> Round {
        Round { number: 2, at_ms: 1_700_000_000_123, findings }
    }

    #[track_caller]
    fn exits(findings: Vec<Finding>, code: Option<Exit>) {
        assert_eq!(round(findings).verdict().err().map(|failure| failure.exit()), code);
    }

    #[test]
    fn the_worst_component_decides_the_exit_code() {
        let healthy = || finding("redis", Ok(Facts::new("fine")));
        let alert = || finding("kafka", Ok(alarmed()));
        let gone = || finding("trino", Err("refused".into()));
        exits(vec![healthy()], None);
        exits(vec![healthy(), alert()], Some(Exit::Failure));
        exits(vec![gone(), alert(), healthy()], Some(Exit::Unavailable));
    }

    #[test]
    fn lines_and_json_tell_the_same() {
        let round = round(vec![finding("kafka", Ok(alarmed())), finding("trino", Err("refused".into()))]);
        assert_eq!(
            round.to_text(),
            "2023-11-14T22:13:20.123Z kafka            alert            3.1 ms  1 broker; group a is 10001 records \
             behind\n2023-11-14T22:13:20.123Z trino            unreachable      3.1 ms  refused\n"
        );
        let json = round.to_json();
        assert_eq!(json["state"], "unreachable");
        assert_eq!(json["components"]["kafka"]["facts"]["brokers"], 1);
        assert_eq!(json["components"]["kafka"]["latency_ms"], 3.12);
        assert_eq!(json["components"]["trino"]["error"], "refused");
    }
}
