//! The embedded Kafka on the real thing: a process of its own that ends with its owner, and producers paced so that
//! nothing is dropped.

use std::io::{BufRead, BufReader as StdBufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use devservices::{
    DevProgram, DevServiceError, EmbeddedKafka, GroupPacer, KafkaOptions, PARTITION_UNREAD_BYTES_MAX, Pacer,
};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};

/// Set in the process that `the_broker_ends_with_its_killed_owner` starts and kills.
const HOLDER: &str = "DEVSERVICES_TEST_HOLDER";
const EVENTS: usize = 200_000;
const PARTITIONS: i32 = 2;
const LIMIT: Duration = Duration::from_secs(120);

/// The broker's process in these tests: this test binary, told to run just this test. Returns at once otherwise.
#[test]
fn broker_process() {
    devservices::child_entry();
}

fn options(state: &Path) -> KafkaOptions {
    let args = ["broker_process", "--exact", "--nocapture", "--quiet"];
    KafkaOptions {
        topics: vec![("events".to_string(), PARTITIONS)],
        program: DevProgram {
            exe: std::env::current_exe().unwrap(),
            args: args.map(str::to_string).to_vec(),
        },
        ..KafkaOptions::new(state)
    }
}

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("group.id", "readers").set("enable.auto.commit", "false");
    config
}

fn partitions_of(bootstrap: &str, topic: &str) -> usize {
    let consumer: BaseConsumer = client(bootstrap).create().unwrap();
    consumer.fetch_metadata(Some(topic), LIMIT).unwrap().topics()[0].partitions().len()
}

fn event(n: usize) -> String {
    format!(
        "{{\"order\":{n:012},\"customer\":\"c{:06}\",\"amount\":{:08},\"note\":\"0123456789abcdef012345\"}}",
        n % 9973,
        n * 7
    )
}

/// Sends all events, each when `pacer` admits it; the client's queue (100,000 records unless told) holds them all.
async fn produce(bootstrap: &str, pacer: &Pacer) {
    let mut config = client(bootstrap);
    config.set("queue.buffering.max.messages", EVENTS.to_string());
    let producer: FutureProducer = config.create().unwrap();
    for n in 0..EVENTS {
        let (partition, payload) = ((n % 2) as i32, event(n));
        pacer.admit(partition, payload.len()).await;
        let record = FutureRecord::<(), _>::to("events").partition(partition).payload(&payload);
        drop(producer.send_result(record).unwrap());
    }
    let flushed = tokio::task::spawn_blocking(move || producer.flush(LIMIT)).await.unwrap();
    flushed.unwrap();
}

/// Reads all events, checks that none is missing, and reports each position to `progress`.
async fn consume(bootstrap: &str, mut progress: impl FnMut(&StreamConsumer, i32, i64)) {
    let consumer: StreamConsumer = client(bootstrap).create().unwrap();
    let mut from = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        from.add_partition_offset("events", partition, Offset::Offset(0)).unwrap();
    }
    consumer.assign(&from).unwrap();
    let mut next = [0_i64; PARTITIONS as usize];
    for _ in 0..EVENTS {
        let message = consumer.recv().await.unwrap();
        let expected = &mut next[message.partition() as usize];
        assert_eq!(message.offset(), *expected, "records vanished from partition {}", message.partition());
        let n = *expected as usize * 2 + message.partition() as usize;
        assert_eq!(message.payload().unwrap(), event(n).as_bytes());
        *expected += 1;
        progress(&consumer, message.partition(), message.offset() + 1);
    }
}

/// Goal: the broker starts with its topics, takes more, refuses nonsense, and is gone after a stop.
#[tokio::test]
async fn topics_are_created_at_start_and_later() {
    let state = tempfile::tempdir().unwrap();
    let mut kafka = EmbeddedKafka::start(options(state.path())).await.unwrap();
    println!("{}", kafka.startup());
    assert_eq!(partitions_of(kafka.bootstrap(), "events"), 2);
    kafka.create_topic("later", 7).await.unwrap();
    assert_eq!(partitions_of(kafka.bootstrap(), "later"), 7);
    let twice = kafka.create_topic("later", 7).await;
    assert!(matches!(twice, Err(DevServiceError::Broker { .. })), "{twice:?}");
    kafka.create_topic("still-there", 1).await.unwrap();
    kafka.stop().await.unwrap();
}

/// Goal: another program finds the broker while it lives, cannot start a second one, and finds none afterwards.
#[tokio::test]
async fn a_live_broker_is_found() {
    let state = tempfile::tempdir().unwrap();
    assert_eq!(EmbeddedKafka::discover(state.path()), None);
    let kafka = EmbeddedKafka::start(options(state.path())).await.unwrap();
    let found = EmbeddedKafka::discover(state.path()).unwrap();
    assert_eq!((found.pid, found.bootstrap.as_str()), (kafka.pid(), kafka.bootstrap()));
    let second = EmbeddedKafka::start(options(state.path())).await;
    assert!(
        matches!(&second, Err(DevServiceError::AlreadyRunning { pid, .. }) if *pid == found.pid),
        "{second:?}"
    );
    kafka.stop().await.unwrap();
    assert_eq!(EmbeddedKafka::discover(state.path()), None);
    let file = state.path().join("dev/kafka.json");
    assert!(!file.exists());
    std::fs::write(&file, serde_json_of(std::process::id(), &found.bootstrap)).unwrap();
    assert_eq!(EmbeddedKafka::discover(state.path()), None, "a reused pid is not taken for the broker");
}

fn serde_json_of(pid: u32, bootstrap: &str) -> String {
    format!("{{\"pid\":{pid},\"bootstrap\":\"{bootstrap}\",\"started_ticks\":1}}")
}

/// The body of the process that is killed. Does nothing in an ordinary run.
#[tokio::test]
async fn holder_process() {
    let Some(state) = std::env::var_os(HOLDER).map(PathBuf::from) else { return };
    let kafka = EmbeddedKafka::start(options(&state)).await.unwrap();
    println!("\npid {}", kafka.pid());
    std::io::stdin().lines().for_each(drop);
    kafka.stop().await.unwrap();
}

/// Goal: a broker whose owner was killed ends by itself and is not found any more.
#[tokio::test]
async fn the_broker_ends_with_its_killed_owner() {
    let state = tempfile::tempdir().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["holder_process", "--exact", "--nocapture", "--quiet"])
        .env(HOLDER, state.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = StdBufReader::new(holder.stdout.take().unwrap())
        .lines()
        .find_map(|line| line.unwrap().strip_prefix("pid ").map(|pid| pid.parse::<i32>().unwrap()));
    let pid = told.expect("the holder tells its broker");
    assert_eq!(EmbeddedKafka::discover(state.path()).unwrap().pid, pid);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let deadline = Instant::now() + LIMIT;
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while EmbeddedKafka::discover(state.path()).is_some() {
        assert!(Instant::now() < deadline, "the broker outlives its owner");
        tick.tick().await;
    }
    EmbeddedKafka::start(options(state.path())).await.unwrap().stop().await.unwrap();
}

/// Goal: a program that is not the broker, or fails, is reported and not waited for.
#[tokio::test]
async fn a_wrong_program_is_reported() {
    let state = tempfile::tempdir().unwrap();
    let program = |exe: &str, args: &[&str]| KafkaOptions {
        program: DevProgram { exe: exe.into(), args: args.iter().map(|arg| arg.to_string()).collect() },
        ..options(state.path())
    };
    let error = EmbeddedKafka::start(program("/bin/echo", &["hello"])).await.unwrap_err();
    assert!(matches!(&error, DevServiceError::BadAnswer { answer } if answer == "hello"), "{error}");
    let error =
        EmbeddedKafka::start(program("/bin/sh", &["-c", "echo broken >&2; exit 3"])).await.unwrap_err();
    assert!(matches!(&error, DevServiceError::Exited { log, .. } if log == "broken"), "{error}");
    let hanging = KafkaOptions { start_timeout: Duration::from_millis(200), ..program("/bin/cat", &[]) };
    let error = EmbeddedKafka::start(hanging).await.unwrap_err();
    assert!(matches!(error, DevServiceError::StartTimedOut { .. }), "{error}");
    let bad = KafkaOptions { topics: vec![("events".to_string(), 0)], ..options(state.path()) };
    let error = EmbeddedKafka::start(bad).await.unwrap_err();
    assert!(matches!(error, DevServiceError::Broker { .. }), "{error}");
}

/// Goal: the fact the pacers rest on: without pacing, a partition keeps about 5 MiB and drops the rest.
#[tokio::test]
async fn an_unpaced_stream_loses_its_beginning() {
    let state = tempfile::tempdir().unwrap();
    let kafka = EmbeddedKafka::start(options(state.path())).await.unwrap();
    produce(kafka.bootstrap(), &Pacer::new(u64::MAX)).await;
    let reader: BaseConsumer = client(kafka.bootstrap()).create().unwrap();
    let (low, high) = reader.fetch_watermarks("events", 0, LIMIT).unwrap();
    println!(
        "a partition kept records {low}..{high}, {} bytes of values",
        (high - low) * event(0).len() as i64
    );
    assert_eq!(high, EVENTS as i64 / 2);
    let kept_bytes = (high - low) * event(0).len() as i64;
    assert!(low > 0 && (2_500_000..5_500_000).contains(&kept_bytes), "{low}..{high}");
    kafka.stop().await.unwrap();
}

/// Goal: paced by the reader's position, 200 000 events arrive whole and in order.
#[tokio::test]
async fn a_paced_stream_arrives_whole() {
    let state = tempfile::tempdir().unwrap();
    let kafka = EmbeddedKafka::start(options(state.path())).await.unwrap();
    let pacer = Arc::new(Pacer::new(PARTITION_UNREAD_BYTES_MAX));
    let begun = Instant::now();
    let both = async {
        tokio::join!(
            produce(kafka.bootstrap(), &pacer),
            consume(kafka.bootstrap(), |_, partition, next| pacer.consumed(partition, next))
        )
    };
    tokio::time::timeout(LIMIT, both).await.expect("the stream does not stall");
    println!("{EVENTS} events in {:.2} s", begun.elapsed().as_secs_f64());
    let reader: BaseConsumer = client(kafka.bootstrap()).create().unwrap();
    assert!(
        reader.fetch_watermarks("events", 0, LIMIT).unwrap().0 > 0,
        "the stream was long enough to be cut"
    );
    kafka.stop().await.unwrap();
}

/// Goal: paced by what a group commits, as a producer in another program is, 200 000 events arrive whole.
#[tokio::test]
async fn a_stream_paced_by_commits_arrives_whole() {
    let state = tempfile::tempdir().unwrap();
    let kafka = EmbeddedKafka::start(options(state.path())).await.unwrap();
    let pacer =
        GroupPacer::start(kafka.bootstrap(), "readers", "events", PARTITION_UNREAD_BYTES_MAX).await.unwrap();
    assert_eq!(pacer.partitions(), PARTITIONS);
    let begun = Instant::now();
    let commit = |consumer: &StreamConsumer, partition: i32, next: i64| {
        if next % 2_000 == 0 {
            let mut position = TopicPartitionList::new();
            position.add_partition_offset("events", partition, Offset::Offset(next)).unwrap();
            consumer.commit(&position, CommitMode::Async).unwrap();
        }
    };
    let both =
        async { tokio::join!(produce(kafka.bootstrap(), pacer.pacer()), consume(kafka.bootstrap(), commit)) };
    tokio::time::timeout(LIMIT, both).await.expect("the stream does not stall");
    println!("{EVENTS} events in {:.2} s", begun.elapsed().as_secs_f64());
    kafka.stop().await.unwrap();
}

/// Goal: a pacer of a topic that cannot be reached says so.
#[tokio::test]
async fn an_unreachable_broker_cannot_pace() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = GroupPacer::start(&free.to_string(), "readers", "events", 1).await.unwrap_err();
    assert!(matches!(error, DevServiceError::Offsets { .. }), "{error}");
}
