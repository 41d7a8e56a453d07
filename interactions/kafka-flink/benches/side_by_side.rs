//! Kafka JSON → one-minute tumbling sum → blackhole, over the same topic in one run: bare consumption with librdkafka, the
//! embedded engine, Flink. Prints events/s, and the CPU seconds of each program and of its broker apart.
//!
//! Bare consumption and engine are processes of their own: this program again, told which. Flink's time is that of its job,
//! without that of the same job over a topic with a single event, which is what a job costs at all.

use flink::{Gateway, JobManager, SessionOptions, Timeouts, split};
use kafka::KafkaConnector;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::{Blackhole, ConnectorContext, Connectors, RunOptions, SnapshotStore, StateBackend};
use testkit::services::{Container, Flink, Kafka};

const EVENTS: usize = 2_000_000;
const PARTITIONS: i32 = 2;
const ROUNDS: usize = 3;
const LIMIT: Duration = Duration::from_secs(300);

fn script(brokers: &str, topic: &str) -> String {
    format!(
        "CREATE TABLE events (id BIGINT, k INT, price DOUBLE, ts TIMESTAMP(3), pad STRING,
             WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
         WITH ('connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{brokers}',
             'properties.group.id' = 'side_by_side', 'scan.startup.mode' = 'earliest-offset',
             'scan.bounded.mode' = 'latest-offset', 'format' = 'json');
         CREATE TABLE sums (window_start TIMESTAMP(3), k INT, total DOUBLE, n BIGINT) WITH ('connector' = 'blackhole');
         INSERT INTO sums SELECT window_start, k, SUM(price), COUNT(*)
         FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k;"
    )
}

/// About 120 bytes, ten a millisecond of event time.
fn event(i: usize) -> String {
    let (ms, s, m, h) = (i / 10 % 1_000, i / 10_000 % 60, i / 600_000 % 60, i / 36_000_000);
    let (k, cents) = (i * 7_919 % 1_000, i * 31 % 100_000);
    format!(
        r#"{{"id":{i},"k":{k},"price":{}.{:02},"ts":"2026-01-01 {h:02}:{m:02}:{s:02}.{ms:03}","pad":"abcdefghijklmnopqrstuvwxyz012345678901"}}"#,
        cents / 100,
        cents % 100
    )
}

fn fill(kafka: &Kafka, topic: &str, events: usize) {
    let mut config = kafka.client_config();
    config.set("queue.buffering.max.kbytes", "65536").set("linger.ms", "20").set("batch.size", "500000");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().expect("a producer");
    for i in 0..events {
        let text = event(i);
        let mut record = BaseRecord::<(), _>::to(topic).partition(i as i32 % PARTITIONS).payload(&text);
        while let Err((_, back)) = producer.send(record) {
            record = back;
            producer.flush(LIMIT).expect("the broker takes events");
        }
    }
    producer.flush(LIMIT).expect("the broker takes events");
}

/// What one pass over the topic took.
struct Pass {
    seconds: f64,
    cpu_seconds: f64,
    broker_cpu_seconds: f64,
    peak_mib: f64,
}

impl Pass {
    fn say(&self, who: &str) {
        println!(
            "{who:<14}{:>6.2} M events/s   CPU {:>5.1} s, its broker {:>5.1} s   peak {:>5.0} MiB",
            EVENTS as f64 / self.seconds / 1e6,
            self.cpu_seconds,
            self.broker_cpu_seconds,
            self.peak_mib
        );
    }
}

/// CPU seconds of a container since its start, as its own control group counts them: microseconds in version 2 of those,
/// nanoseconds in version 1.
async fn cpu_seconds(container: &Container) -> f64 {
    let files = ["cat", "/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpuacct/cpuacct.usage"];
    // One of the two is not there.
    let text = container.exec(&files).await.expect("the container answers").text;
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let new = text.lines().find_map(|line| number(line.strip_prefix("usage_usec ")?).map(|us| us / 1e6));
    let old = || text.lines().find_map(number).map(|ns| ns / 1e9);
    new.or_else(old).expect("a count of CPU time")
}

/// This program again, as `role`.
async fn child(role: &str, kafka: &Kafka, topic: &str) -> Pass {
    let before = cpu_seconds(kafka).await;
    let exe = std::env::current_exe().expect("this program");
    let output = Command::new(exe)
        .args([role, &kafka.bootstrap(), topic])
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    assert!(output.status.success(), "{role} ended with {}", output.status);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = told.split_whitespace().map(|word| word.parse().expect("a figure")).collect();
    Pass {
        seconds: figures[0],
        cpu_seconds: figures[1],
        peak_mib: figures[2],
        broker_cpu_seconds: cpu_seconds(kafka).await - before,
    }
}

/// What a child tells of itself: seconds, CPU seconds, MiB at most.
fn tell(begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let fields: Vec<&str> = stat.rsplit_once(") ").expect("a name in brackets").1.split(' ').collect();
    let ticks = |i: usize| fields[i].parse::<f64>().expect("ticks");
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    // A tick is a hundredth of a second on every Linux that matters here.
    println!("{seconds} {} {}", (ticks(11) + ticks(12)) / 100.0, kib / 1024.0);
}

fn bare(brokers: &str, topic: &str) {
    let begun = Instant::now();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "bare").set("enable.auto.commit", "false");
    config.set("fetch.queue.backoff.ms", "5").set("queued.max.messages.kbytes", "16384");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut from = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        from.add_partition_offset(topic, partition, Offset::Beginning).expect("an offset");
    }
    consumer.assign(&from).expect("an assignment");
    let (mut events, mut bytes) = (0, 0);
    while events < EVENTS {
        if let Some(message) = consumer.poll(LIMIT) {
            bytes += message.expect("a record").payload().map_or(0, <[u8]>::len);
            events += 1;
        }
    }
    assert!(bytes > EVENTS * 100);
    tell(begun);
}

async fn engine(brokers: &str, topic: &str) {
    let begun = Instant::now();
    let folder = tempfile::tempdir().expect("a folder for snapshots");
    let context = ConnectorContext {
        pipeline: "side_by_side".into(),
        base_dir: folder.path().into(),
        connect_timeout: Duration::from_secs(30),
        batch_rows_max: 8_192,
        rows_per_second_max: None,
    };
    let connectors = Connectors::default().with(KafkaConnector).with(Blackhole);
    let pipeline = sql::plan(&sql::parse(&script(brokers, topic)).expect("a script")).expect("a plan");
    let graph = pipeline.build(&connectors, &context, PARTITIONS as usize).await.expect("a graph");
    let options = RunOptions {
        pipeline: "side_by_side".into(),
        store: SnapshotStore::open(folder.path(), "side_by_side").expect("a store"),
        state_backend: StateBackend::Memory,
        checkpoint_interval: Duration::from_secs(1),
        pending_bytes_max: 64 << 20,
        shutdown: Default::default(),
        commit_retry: Default::default(),
        on_epoch: Arc::new(|_| {}),
        savepoints: Default::default(),
        monitor: Default::default(),
    };
    let report = stream::run(graph, options).await.expect("a run");
    assert_eq!(report.progress.queries["sums"]["admitted"], EVENTS as u64);
    tell(begun);
}

/// How long the job over `topic` took, with the task manager's CPU seconds.
async fn job(flink: &Flink, kafka: &Kafka, topic: &str) -> (f64, f64) {
    let before = cpu_seconds(&flink.cluster.taskmanager).await;
    let gateway = Gateway::connect(flink.gateway_url(), Timeouts::default()).await.expect("a gateway");
    let options = SessionOptions::default()
        .set("parallelism.default", PARTITIONS.to_string())
        .set("execution.checkpointing.interval", "1 s");
    let session = gateway.open(options).await.expect("a session");
    let cluster = JobManager::new(flink.url(), Timeouts::default()).expect("a job manager");
    let script = split(&script(&kafka.bootstrap_inside(), topic)).expect("a script");
    let jobs = session.launch(&script, "side_by_side", &cluster, LIMIT).await.expect("a job");
    cluster.wait_end(&jobs[0].job, LIMIT).await.expect("the job ends");
    let took = cluster.job(&jobs[0].job).await.expect("the job is known").duration_ms as f64 / 1e3;
    (took, cpu_seconds(&flink.cluster.taskmanager).await - before)
}

async fn on_flink(flink: &Flink, kafka: &Kafka, topic: &str, single: &str) -> Pass {
    let (idle_seconds, idle_cpu) = job(flink, kafka, single).await;
    let before = cpu_seconds(kafka).await;
    let (seconds, cpu) = job(flink, kafka, topic).await;
    Pass {
        seconds: seconds - idle_seconds,
        cpu_seconds: cpu - idle_cpu,
        broker_cpu_seconds: cpu_seconds(kafka).await - before,
        peak_mib: flink.cluster.taskmanager.memory_bytes().await.unwrap_or(0) as f64 / f64::from(1 << 20),
    }
}

async fn side_by_side() {
    let (kafka, flink) = (Kafka::start().await.expect("Kafka"), Flink::start().await.expect("Flink"));
    let topic = kafka.topic("side_by_side", PARTITIONS).await.expect("a topic");
    let single = kafka.topic("single", PARTITIONS).await.expect("a topic");
    fill(&kafka, &topic, EVENTS);
    fill(&kafka, &single, 1);
    println!("{EVENTS} events of {} bytes, {PARTITIONS} partitions, 1,000 keys", event(EVENTS / 2).len());
    for round in 1..=ROUNDS {
        println!("round {round}");
        child("bare", &kafka, &topic).await.say("librdkafka");
        child("engine", &kafka, &topic).await.say("embedded");
        on_flink(&flink, &kafka, &topic, &single).await.say("flink 2.2.1");
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", brokers, topic] => bare(brokers, topic),
        ["engine", brokers, topic] => runtime.block_on(engine(brokers, topic)),
        _ => runtime.block_on(side_by_side()),
    }
}
