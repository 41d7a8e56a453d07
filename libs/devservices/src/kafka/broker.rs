//! The mock broker's own process: entry, and the words it exchanges with its owner.
//!
//! The owner holds the pipe to our standard input, so its end, however it comes, is the end of that stream, and ours.
//! One JSON value a line: commands come in, one answer each goes out; the first answer comes unasked.

use std::io::{self, BufRead, Write};

use rdkafka::mocking::MockCluster;
use serde::{Deserialize, Serialize};

/// Names the service a process shall be; set by the owner in the child's environment only.
pub(super) const SERVICE_VARIABLE: &str = "IBB_DEV_SERVICE";
/// The value for the mock broker.
pub(super) const SERVICE_KAFKA: &str = "kafka";
/// Topics to create at once, as JSON.
pub(super) const TOPICS_VARIABLE: &str = "IBB_DEV_SERVICE_TOPICS";

/// Exit code for a configuration error, as in sysexits.
const EXIT_CONFIG: i32 = 78;

/// A topic and its number of partitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    pub topic: String,
    pub partitions: i32,
}

/// What the broker's process says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// It serves at this `host:port`.
    Bootstrap(String),
    /// The topic of the last command exists.
    Created(Topic),
    /// The last command, or the start, failed.
    Failed(String),
}

/// Becomes the mock broker if this process was started as one, and then never returns. Otherwise returns at once.
///
/// Call it first thing in `main`, before threads, logging and arguments: the child shares nothing with the program
/// but its executable.
pub fn child_entry() {
    let Some(service) = std::env::var_os(SERVICE_VARIABLE) else { return };
    if service != SERVICE_KAFKA {
        eprintln!("{SERVICE_VARIABLE} names no known service: {}", service.display());
        std::process::exit(EXIT_CONFIG);
    }
    // A failure to write means that the owner is gone, which is the ordinary end.
    let code = match serve() {
        Ok(()) => 0,
        Err(reason) => i32::from(say(&Answer::Failed(reason)).is_ok()),
    };
    std::process::exit(code);
}

fn serve() -> Result<(), String> {
    let topics = std::env::var(TOPICS_VARIABLE).unwrap_or_else(|_| "[]".to_string());
    let topics: Vec<Topic> = serde_json::from_str(&topics).map_err(|error| error.to_string())?;
    let cluster = MockCluster::new(1).map_err(|error| error.to_string())?;
    let create = |topic: &Topic| {
        // The mock cluster itself takes a topic without partitions for granted.
        if topic.partitions < 1 {
            return Err(format!("topic {}: {} partitions", topic.topic, topic.partitions));
        }
        cluster
            .create_topic(&topic.topic, topic.partitions, 1)
            .map_err(|error| format!("topic {}: {error}", topic.topic))
    };
    topics.iter().try_for_each(create)?;
    if say(&Answer::Bootstrap(cluster.bootstrap_servers())).is_err() {
        return Ok(());
    }
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer = serde_json::from_str::<Topic>(&line)
            .map_err(|error| error.to_string())
            .and_then(|topic| create(&topic).map(|()| topic));
        if say(&answer.map_or_else(Answer::Failed, Answer::Created)).is_err() {
            break;
        }
    }
    Ok(())
}

fn say(answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_string(answer).map_err(io::Error::from)?;
    line.push('\n');
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}
