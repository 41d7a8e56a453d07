//! Six services at once, and a round trip through the client library of each.

use containers::services::Container;
use std::time::Instant;
use testkit::say;
use testkit::services::{Cassandra, Isolation, Kafka, Postgres, Redis, SchemaRegistry, Trino};

mod clients;

/// Goal: everything that a suite builds upon works together: images, starts, readiness, names on the common network,
/// client libraries. Prints what CONTRIBUTING.md's table is made of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_library_makes_a_round_trip() {
    let begun = Instant::now();
    let (kafka, postgres, redis, cassandra, trino, registry) = tokio::try_join!(
        Kafka::start(),
        Postgres::start(),
        Redis::start(),
        Cassandra::start(),
        Trino::start(),
        SchemaRegistry::start(),
    )
    .unwrap();
    say(&format!("all six serve after {:.1} s", begun.elapsed().as_secs_f64()));

    clients::kafka(&kafka).await;
    clients::postgres(&postgres).await;
    clients::redis(&redis).await;
    clients::cassandra(&cassandra).await;
    clients::trino(&trino, &postgres).await;
    clients::registry(&registry).await;

    let containers: [&Container; 6] = [&kafka, &postgres, &redis, &cassandra, &trino, &registry];
    say(&format!("{:<16} {:>26} {:>12}", "service", "start", "memory"));
    for container in containers {
        let mib = container.memory_bytes().await.unwrap() >> 20;
        let (name, start) = (container.service().name(), container.startup().to_string());
        say(&format!("{name:<16} {start:>26} {mib:>8} MiB"));
    }
}

/// Goal: a second asker gets the same container at once, and it still serves.
#[tokio::test]
async fn a_shared_container_is_found_again() {
    let first = Redis::start().await.unwrap();
    let second = Redis::start().await.unwrap();
    assert_eq!((first.name(), first.url()), (second.name(), second.url()));
    assert!(first.kill().await.unwrap_err().to_string().contains("is shared: take an exclusive one"));
}

/// Goal: an exclusive container is nobody else's, comes back with its data and address after a kill, and goes with its
/// handle.
#[tokio::test]
async fn an_exclusive_container_is_killed_and_comes_back() {
    let kafka = Kafka::exclusive().await.unwrap();
    let topic = kafka.topic("survives", 2).await.unwrap();
    kafka.append(&topic, 1, ["a", "b"]).await.unwrap();
    kafka.kill().await.unwrap();
    let again = kafka.start_again().await.unwrap();
    say(&format!("kafka serves {:.1} s after a kill", again.as_secs_f64()));
    let records = kafka.read_to_end(&topic, Isolation::ReadCommitted).await.unwrap();
    let texts: Vec<&str> = records.iter().map(|record| record.text()).collect();
    assert_eq!(texts, ["a", "b"]);
}
