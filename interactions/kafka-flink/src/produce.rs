//! The body of `test_producer`.

use crate::events::{Event, EventShape, Events};
use crate::process::of_input;
use crate::producer_args::ProducerArgs;
use crate::sample::of_kafka;
use crate::services::failure;
use crate::state::state_folder;
use devservices::{EmbeddedKafka, GroupPacer, PARTITION_UNREAD_BYTES_MAX};
use kafka::{KafkaSettings, Producer, ProducerConfig, Protocol, Sasl, Secret, Security};
use service::{Body, Context, Failure, Kafka};
use std::time::Duration;
use tokio::time::Instant;

/// How long the last records may take to be acknowledged.
const FLUSH_MAX: Duration = Duration::from_secs(30);

/// Produces until the count, the end of the file, or a stop.
pub fn produce(ctx: Context, args: ProducerArgs) -> Body {
    Box::pin(test_producer(ctx, args))
}

async fn test_producer(ctx: Context, args: ProducerArgs) -> Result<(), Failure> {
    let (settings, embedded) = target(&ctx, &args)?;
    let mut config = ProducerConfig::new("test_producer", settings.clone());
    config.connect_timeout = args.shared.connect_timeout;
    let kafka = ctx.health.component("kafka");
    let producer = Producer::connect(config).await.map_err(of_kafka)?;
    let partitions = producer.ensure_topic(&args.topic, args.partitions as u32).await.map_err(of_kafka)?;
    kafka.connected();
    let pacer = match embedded {
        true => Some(pacer(&settings, &args).await?),
        false => None,
    };
    let mut source = Source::open(&ctx, &args)?;
    let progress =
        ctx.progress(format!("to {}", args.topic), (args.count > 0).then_some(args.count), "events");
    let begun = Instant::now();
    let mut sent = 0;
    while !ctx.shutdown.is_cancelled() && (args.count == 0 || sent < args.count) {
        let Some(event) = source.next()? else { break };
        let due = due(begun, sent, args.rate);
        tokio::select! {
            biased;
            () = ctx.shutdown.cancelled() => break,
            () = wait(due, pacer.as_ref(), event.payload.len() / partitions.max(1) as usize) => {}
        }
        let key = (!event.key.is_empty()).then_some(event.key.as_bytes());
        producer.send(&args.topic, key, Some(&event.payload), None).await.map_err(of_kafka)?;
        sent += 1;
        progress.add(1);
    }
    let delivered = producer.flush(FLUSH_MAX).await.map_err(of_kafka)?;
    progress.done();
    println!("{} events delivered to {}, {} failed", delivered.delivered, args.topic, delivered.failed);
    match delivered.failed {
        0 => Ok(()),
        failed => Err(Failure::unavailable(format!("{failed} events were not delivered to {}", args.topic))),
    }
}

/// Where to produce, and whether that is an embedded broker.
fn target(ctx: &Context, args: &ProducerArgs) -> Result<(KafkaSettings, bool), Failure> {
    if let Some(kafka) = ctx.cluster.require_kafka()? {
        return Ok((settings(kafka), false));
    }
    match EmbeddedKafka::discover(&state_folder(ctx, &args.shared)?) {
        Some(found) => Ok((KafkaSettings::new(found.bootstrap), true)),
        None => Err(Failure::unavailable("kafka is not configured and no embedded one is running")
            .remedy("start stream_processor first, which brings an embedded Kafka")
            .remedy("or set kafka.brokers in config/cluster.yaml, IBB__KAFKA__BROKERS or --set kafka.brokers=host:9092")),
    }
}

/// The configured section as the client takes it.
pub fn settings(kafka: &Kafka) -> KafkaSettings {
    let security = &kafka.security;
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let sasl = match (security.mechanism, &security.username, &security.password) {
        (Some(mechanism), Some(username), Some(password)) => Some(Sasl {
            mechanism: mechanism.name().to_owned(),
            username: username.clone(),
            password: Secret::new(password.expose()),
        }),
        _ => None,
    };
    let mut settings = KafkaSettings::new(kafka.brokers.join(","));
    settings.security = Security {
        protocol: Protocol::parse(security.protocol.name()).unwrap_or_default(),
        sasl,
        ca_location: path(&security.ca_file),
        certificate_location: path(&security.certificate_file),
        key_location: path(&security.key_file),
        key_password: security.key_password.as_ref().map(|secret| Secret::new(secret.expose())),
    };
    settings
}

async fn pacer(settings: &KafkaSettings, args: &ProducerArgs) -> Result<GroupPacer, Failure> {
    GroupPacer::start(&settings.brokers, &args.kafka_group_id, &args.topic, PARTITION_UNREAD_BYTES_MAX)
        .await
        .map_err(failure)
}

/// When event number `sent` is due; `None` means now.
fn due(begun: Instant, sent: u64, rate: u32) -> Option<Instant> {
    (rate > 0).then(|| begun + Duration::from_secs_f64(sent as f64 / f64::from(rate)))
}

async fn wait(due: Option<Instant>, pacer: Option<&GroupPacer>, bytes: usize) {
    if let Some(due) = due.filter(|due| *due > Instant::now()) {
        tokio::time::sleep_until(due).await;
    }
    // The key decides the partition, so any of them may be the fullest.
    if let Some(pacer) = pacer {
        for partition in 0..pacer.partitions() {
            pacer.pacer().admit(partition, bytes).await;
        }
    }
}

enum Source {
    Seeded(Box<Events>),
    File(crate::input::Messages, std::path::PathBuf),
}

impl Source {
    fn open(ctx: &Context, args: &ProducerArgs) -> Result<Self, Failure> {
        let Some(path) = &args.input else {
            return Ok(Self::Seeded(Box::new(Events::new(EventShape {
                seed: args.seed,
                keys: args.keys,
                skew: args.skew,
                late_fraction: args.late_fraction,
                bad_fraction: args.bad_fraction,
            }))));
        };
        let path = ctx.places.user_path(path);
        let messages =
            crate::input::open(&path, args.key_column.as_deref()).map_err(|error| of_input(error, &path))?;
        Ok(Self::File(messages, path))
    }

    fn next(&mut self) -> Result<Option<Event>, Failure> {
        match self {
            Self::Seeded(events) => Ok(Some(events.next(resilience::clock::now_ms()))),
            Self::File(messages, path) => messages.next().transpose().map_err(|error| of_input(error, path)),
        }
    }
}
