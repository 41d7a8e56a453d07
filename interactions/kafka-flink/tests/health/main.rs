//! What scripts and people learn of a cluster: from real servers, of which some are taken away.

use devservices::{DevProgram, EmbeddedKafka, EmbeddedPostgres, KafkaOptions, PostgresOptions};
use kafka::{KafkaSettings, Producer, ProducerConfig};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use testkit::{Finished, Program, binary, free_port, until};

const LIMIT: Duration = Duration::from_secs(60);
const TOPIC: &str = "orders";
const GROUP: &str = "readers";
/// One more than a group may be behind.
const RECORDS: i64 = 10_001;

fn program(folder: &Path, args: &[&str]) -> Program {
    let exe = binary("health_monitor", option_env!("CARGO_BIN_EXE_health_monitor"));
    // A flag of a test's own wins over the variable.
    Program::new(&exe, folder).env("IBB__CONNECT_TIMEOUT", "20").args(["--state-dir", "state"]).args(args)
}

fn one_round(args: &[&str]) -> (Finished, Value) {
    let folder = tempfile::tempdir().unwrap();
    let shared = ["--rounds", "1", "--output", "json", "--admin-addr", "off"];
    let finished = program(folder.path(), &[&shared, args].concat()).start().finish(LIMIT);
    let round = serde_json::from_str(&finished.stdout).unwrap_or(Value::Null);
    (finished, round)
}

async fn broker(folder: &Path) -> EmbeddedKafka {
    // Any program of ours that begins with the broker's entry serves.
    let exe = binary("performance_test", option_env!("CARGO_BIN_EXE_performance_test"));
    let mut options = KafkaOptions::new(folder);
    options.topics = vec![(TOPIC.into(), 1)];
    options.program = DevProgram { exe, args: Vec::new() };
    EmbeddedKafka::start(options).await.unwrap()
}

async fn produce(bootstrap: &str, records: i64) {
    let config = ProducerConfig::new("test", KafkaSettings::new(bootstrap));
    let producer = Producer::connect(config).await.unwrap();
    for _ in 0..records {
        producer.send(TOPIC, None, Some(b"x"), None).await.unwrap();
    }
    producer.flush(LIMIT).await.unwrap();
}

fn commit(bootstrap: &str, offset: i64) {
    let mut config = ClientConfig::new();
    let consumer: BaseConsumer =
        config.set("bootstrap.servers", bootstrap).set("group.id", GROUP).create().unwrap();
    let mut position = TopicPartitionList::new();
    position.add_partition_offset(TOPIC, 0, Offset::Offset(offset)).unwrap();
    consumer.commit(&position, CommitMode::Sync).unwrap();
}

#[tokio::test]
async fn a_group_that_is_too_far_behind_is_an_alert() {
    let folder = tempfile::tempdir().unwrap();
    let kafka = broker(folder.path()).await;
    produce(kafka.bootstrap(), RECORDS).await;
    let brokers = format!("kafka.brokers={}", kafka.bootstrap());
    let args = ["--set", &brokers, "--kafka-group-id", GROUP];

    let (finished, round) = one_round(&args);
    finished.expect_code(1);
    let alerts = |round: &Value| round["components"]["kafka"]["alerts"].clone();
    assert_eq!(alerts(&round), serde_json::json!(["group readers has committed no offset"]), "{round:#}");

    commit(kafka.bootstrap(), 0);
    let (finished, round) = one_round(&args);
    let finished = finished.expect_code(1);
    let alert = "group readers is 10001 records behind in orders";
    assert_eq!(alerts(&round), serde_json::json!([alert]), "{round:#}");
    assert!(finished.stderr.contains(alert), "{}", finished.stderr);
    let facts = &round["components"]["kafka"]["facts"];
    assert_eq!(facts["lag"][0]["records"], RECORDS);
    assert_eq!((&facts["brokers"].as_array().unwrap().len(), &facts["partitions"]), (&1, &1.into()));

    commit(kafka.bootstrap(), 1);
    let (finished, round) = one_round(&args);
    finished.expect_code(0);
    assert_eq!(alerts(&round), serde_json::json!([]), "{round:#}");
    let (finished, _) = one_round(&[&args[..], &["--lag-alert-records", "9999"]].concat());
    finished.expect_code(1);
    kafka.stop().await.unwrap();
}

#[tokio::test]
async fn metrics_show_health_and_lag_and_rounds_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let kafka = broker(folder.path()).await;
    produce(kafka.bootstrap(), 5).await;
    commit(kafka.bootstrap(), 2);
    let brokers = format!("kafka.brokers={}", kafka.bootstrap());
    let port = free_port();
    let admin = format!("127.0.0.1:{port}");
    let args = ["--set", &brokers, "--kafka-group-id", GROUP, "--interval", "0.05", "--admin-addr", &admin];
    let own = tempfile::tempdir().unwrap();
    let running = program(own.path(), &args).start();
    let lag = format!("ibb_kafka_group_lag_records{{group=\"{GROUP}\",topic=\"{TOPIC}\"}} 3");
    // The lag is set while a component is asked, its health when the round is over.
    for shown in [lag.as_str(), "ibb_component_healthy{component=\"kafka\"} 1"] {
        until(shown, LIMIT, || metrics(port).filter(|text| text.contains(shown)));
    }
    until("three rounds", LIMIT, || (running.stdout().lines().count() >= 3).then_some(()));
    running.ask_to_end();
    let finished = running.finish(LIMIT).expect_code(0);
    assert!(
        finished.stdout.lines().all(|line| line.contains("kafka            healthy")),
        "{}",
        finished.stdout
    );
    kafka.stop().await.unwrap();
}

fn metrics(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

#[tokio::test]
async fn a_database_is_asked_and_missed_when_it_is_gone() {
    // The database runs as another user, who must be able to reach its folder.
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let mut options = PostgresOptions::new(folder.path().join("postgres"));
    options.durable = false;
    let postgres = EmbeddedPostgres::start(options).await.unwrap();
    let settings = [
        format!("postgresql.host={}", postgres.host()),
        format!("postgresql.port={}", postgres.port()),
        format!("postgresql.database={}", postgres.database()),
        format!("postgresql.user={}", postgres.user()),
        "postgresql.tls=disable".into(),
    ];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let password = format!("postgresql.password={}", postgres.password());
    let right = [&settings[..], &["--set", &password]].concat();
    let (finished, round) = one_round(&right);
    let finished = finished.expect_code(0);
    assert!(!format!("{finished:?}").contains(postgres.password()));
    let facts = &round["components"]["postgresql"]["facts"];
    assert_eq!(facts["role"], "primary", "{round:#}");
    assert!(facts["version"].as_str().unwrap().starts_with("17."), "{round:#}");
    assert!(facts["connections"].as_i64().unwrap() >= 1, "{round:#}");

    let wrong = [&settings[..], &["--set", "postgresql.password=hush-hush"]].concat();
    let (finished, _) = one_round(&wrong);
    let finished = finished.expect_code(69);
    assert!(finished.stdout.contains("password authentication failed"), "{}", finished.stdout);
    assert!(!format!("{finished:?}").contains("hush-hush"));

    let address = format!("{}:{}", postgres.host(), postgres.port());
    postgres.stop().await.unwrap();
    let (finished, round) = one_round(&[&right[..], &["--connect-timeout", "2"]].concat());
    finished.expect_code(69);
    assert_eq!(round["state"], "unreachable");
    assert!(round["components"]["postgresql"]["error"].as_str().unwrap().contains(&address), "{round:#}");
}

#[test]
fn a_broker_that_is_not_there_is_said_with_its_address() {
    let (finished, round) = one_round(&["--set", "kafka.brokers=127.0.0.1:1", "--connect-timeout", "1"]);
    finished.expect_code(69);
    assert!(round["components"]["kafka"]["error"].as_str().unwrap().contains("127.0.0.1:1"), "{round:#}");
}

#[test]
fn what_is_not_configured_is_a_configuration_error() {
    let (finished, _) = one_round(&[]);
    let finished = finished.expect_code(78);
    assert!(finished.stderr.contains("nothing is configured") && finished.stderr.contains("try:"));
    let (finished, _) = one_round(&["--components", "redis,trino", "--set", "redis.nodes=127.0.0.1:1"]);
    let finished = finished.expect_code(78);
    assert!(finished.stderr.contains("trino not configured"), "{}", finished.stderr);
    let (finished, _) = one_round(&["--components", "kafak"]);
    let finished = finished.expect_code(64);
    assert!(finished.stderr.contains("`kafak` is none of all, kafka"), "{}", finished.stderr);
}
