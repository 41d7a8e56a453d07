//! The process ends at each failpoint, and is started again.

use crate::harness::{World, context, epoch, rows, table};
use event::Epoch;
use kafka::KafkaConnector;
use std::process::Command;
use stream::Connector as _;
use testkit::services::Isolation;

const BROKERS: &str = "KAFKA_CRASH_BROKERS";
const TOPIC: &str = "KAFKA_CRASH_TOPIC";
const PIPELINE: &str = "KAFKA_CRASH_PIPELINE";

/// Claims and commits the epochs 1 to 3 of ten rows each, as far as they are not held.
#[tokio::test]
#[ignore = "the process that the test below starts and lets crash"]
async fn child() {
    let variable = |name| std::env::var(name).unwrap();
    let table = table(&variable(BROKERS), &variable(TOPIC), &[]);
    let mut sink = KafkaConnector.sink(&table, &context(&variable(PIPELINE))).await.unwrap();
    let held = sink.claim().await.unwrap().unwrap().held.map_or(Epoch(0), |held| held.epoch);
    for number in held.next().0..=3 {
        let first = number as i64 * 10;
        sink.commit(&epoch(number), &[rows(first..first + 10)]).await.unwrap();
    }
}

fn run(world: &World, failpoint: Option<&str>) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--ignored", "--nocapture"]);
    command.env(BROKERS, world.kafka.bootstrap()).env(TOPIC, &world.topic).env(PIPELINE, &world.pipeline);
    match failpoint {
        Some(failpoint) => command.env("IBB_FAILPOINT", failpoint),
        None => command.env_remove("IBB_FAILPOINT"),
    };
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    if let Some(failpoint) = failpoint {
        let name = failpoint.split('@').next().unwrap();
        assert!(printed.contains(&format!("failpoint {name}")), "{failpoint} was not reached:\n{printed}");
    }
    output.status.success()
}

/// Goal: after a crash anywhere, the next start finds whole epochs only, and completes the rest once.
#[tokio::test]
async fn a_crash_anywhere_loses_and_repeats_nothing() {
    for (failpoint, committed, written) in [
        ("kafka.claimed", 0, 0),
        ("kafka.produced@2", 10, 20),
        ("kafka.before_commit@2", 10, 20),
        ("kafka.committed@2", 20, 20),
    ] {
        let world = World::new("crash", 2).await;
        assert!(!run(&world, Some(failpoint)), "{failpoint}");
        // What is open hides what comes after it, so this reader does not wait for the transaction's timeout.
        assert_eq!(world.committed_ids().await.len(), committed, "{failpoint}");
        assert_eq!(world.ids(Isolation::ReadUncommitted).await.len(), written, "{failpoint}");
        assert!(run(&world, None), "{failpoint}");
        assert_eq!(world.committed_ids().await, (10..40).collect::<Vec<_>>(), "{failpoint}");
    }
}
