//! The body of `health_monitor`: rounds of checks, each by the system's own answer.

mod args;
mod cassandra;
#[cfg(test)]
mod fake;
mod finding;
mod http;
mod kafka;
mod nodes;
mod postgresql;
mod redis;
mod spark;
mod wire;

pub use args::HealthArgs;

use crate::produce::settings;
use crate::sample::of_kafka;
use args::{Components, SYSTEMS};
use finding::{Facts, Finding, Round};
use service::{Body, Cluster, Context, Failure, System};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// What a check may take beyond its limit to say so.
const GRACE: Duration = Duration::from_millis(500);

/// Looks until it was asked to stop, or for the asked number of rounds; the last round is the result.
pub fn health(ctx: Context, args: HealthArgs) -> Body {
    Box::pin(health_monitor(ctx, args))
}

async fn health_monitor(ctx: Context, args: HealthArgs) -> Result<(), Failure> {
    let probes = probes(&ctx.cluster, &args)?;
    let shared = &args.shared;
    if shared.dry_run || shared.render {
        for probe in &probes {
            println!("{}", probe.name());
        }
        return Ok(());
    }
    let probes: Vec<Arc<Probe>> = probes.into_iter().map(Arc::new).collect();
    let args = Arc::new(args);
    let mut ticks = interval(args.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last: Option<Round> = None;
    while !ctx.shutdown.is_cancelled() {
        tokio::select! {
            biased;
            () = ctx.shutdown.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let number = last.as_ref().map_or(1, |round| round.number + 1);
        let round = tokio::select! {
            biased;
            round = look(&probes, &args, number) => round,
            () = ctx.shutdown.cancelled() => break,
        };
        tell(&ctx, &args, &round)?;
        last = Some(round);
        if args.rounds > 0 && number >= args.rounds {
            break;
        }
    }
    last.map_or(Ok(()), |round| round.verdict())
}

/// A configured component, ready to be asked.
enum Probe {
    Kafka(::kafka::Monitor),
    Postgresql(service::Postgresql),
    Redis(service::Redis),
    Cassandra(service::Cassandra),
    Trino(service::Trino),
    Flink(service::Flink),
    Spark(service::Spark),
    SchemaRegistry(service::SchemaRegistry),
}

/// What is to be checked.
///
/// # Errors
/// A configuration failure (78) if nothing is, or a named one is not configured.
fn probes(cluster: &Cluster, args: &HealthArgs) -> Result<Vec<Probe>, Failure> {
    let asked = match &args.components {
        Components::All => SYSTEMS.into_iter().filter(|system| cluster.has(*system)).collect(),
        Components::Named(named) => named.clone(),
    };
    let ways_out = |failure: Failure, system: &str| {
        failure
            .remedy(format!("add the section `{system}` to config/cluster.yaml, or give --set {system}.…=…"))
            .remedy("--components with those that are configured")
    };
    if asked.is_empty() {
        let failure = Failure::config("nothing is configured, so there is nothing to check");
        return Err(failure.remedy("add a section, such as `kafka`, to config/cluster.yaml").remedy(
            "or point at what runs: --set kafka.brokers=127.0.0.1:9092 (dev services say where they listen)",
        ));
    }
    let missing: Vec<String> =
        asked.iter().filter(|system| !cluster.has(**system)).map(System::to_string).collect();
    if let Some(first) = missing.first() {
        let failure = Failure::config(format!("--components: {} not configured", missing.join(", ")));
        return Err(ways_out(failure, first));
    }
    let mut probes = Vec::new();
    for system in asked {
        probes.extend(probe(system, cluster)?);
    }
    Ok(probes)
}

fn probe(system: System, cluster: &Cluster) -> Result<Option<Probe>, Failure> {
    Ok(match system {
        System::Kafka => match &cluster.kafka {
            Some(kafka) => Some(Probe::Kafka(::kafka::Monitor::new(&settings(kafka)).map_err(of_kafka)?)),
            None => None,
        },
        System::Postgresql => cluster.postgresql.clone().map(Probe::Postgresql),
        System::Redis => cluster.redis.clone().map(Probe::Redis),
        System::Cassandra => cluster.cassandra.clone().map(Probe::Cassandra),
        System::Trino => cluster.trino.clone().map(Probe::Trino),
        System::Flink => cluster.flink.clone().map(Probe::Flink),
        System::Spark => cluster.spark.clone().map(Probe::Spark),
        System::SchemaRegistry => cluster.schema_registry.clone().map(Probe::SchemaRegistry),
    })
}

impl Probe {
    fn name(&self) -> String {
        let system = match self {
            Self::Kafka(_) => System::Kafka,
            Self::Postgresql(_) => System::Postgresql,
            Self::Redis(_) => System::Redis,
            Self::Cassandra(_) => System::Cassandra,
            Self::Trino(_) => System::Trino,
            Self::Flink(_) => System::Flink,
            Self::Spark(_) => System::Spark,
            Self::SchemaRegistry(_) => System::SchemaRegistry,
        };
        system.to_string()
    }

    async fn ask(&self, args: &HealthArgs) -> Result<Facts, String> {
        let timeout = args.shared.connect_timeout;
        match self {
            Self::Kafka(monitor) => {
                kafka::check(monitor, &args.kafka_group_id, args.lag_alert_records, timeout).await
            }
            Self::Postgresql(postgresql) => postgresql::check(postgresql, args.wal_alert_mib, timeout).await,
            Self::Redis(redis) => redis::check(redis).await,
            Self::Cassandra(cassandra) => cassandra::check(cassandra).await,
            Self::Trino(trino) => http::trino(trino, timeout).await,
            Self::Flink(flink) => http::flink(flink, timeout).await,
            Self::Spark(spark) => spark::check(spark).await,
            Self::SchemaRegistry(registry) => http::schema_registry(registry, timeout).await,
        }
    }

    async fn find(&self, args: &HealthArgs) -> Finding {
        let (begun, timeout) = (Instant::now(), args.shared.connect_timeout);
        // A check that keeps the limit itself says more about what was asked; this ends those that do not.
        let answer = match tokio::time::timeout(timeout + GRACE, self.ask(args)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", timeout.as_secs_f64())),
        };
        Finding { component: self.name(), latency: begun.elapsed(), answer }
    }
}

/// Asks all at once.
async fn look(probes: &[Arc<Probe>], args: &Arc<HealthArgs>, number: u64) -> Round {
    let at_ms = resilience::clock::now_ms();
    let mut asking = JoinSet::new();
    for (index, probe) in probes.iter().enumerate() {
        let (probe, args) = (probe.clone(), args.clone());
        asking.spawn(async move { (index, probe.find(&args).await) });
    }
    let mut findings = asking.join_all().await;
    findings.sort_by_key(|(index, _)| *index);
    Round { number, at_ms, findings: findings.into_iter().map(|(_, finding)| finding).collect() }
}

/// Prints a round, and shows it in metrics, `/readyz` and `/status`.
fn tell(ctx: &Context, args: &HealthArgs, round: &Round) -> Result<(), Failure> {
    for finding in &round.findings {
        let name = || finding.component.clone();
        let healthy = finding.state() == finding::State::Healthy;
        metrics::gauge!("ibb_component_healthy", "component" => name()).set(f64::from(u8::from(healthy)));
        metrics::gauge!("ibb_component_check_seconds", "component" => name())
            .set(finding.latency.as_secs_f64());
    }
    // The monitor is ready when it can tell; what it tells may be bad.
    ctx.health.no_components();
    let json = round.to_json();
    ctx.status.set("round", &json);
    let text = if args.json() { format!("{json}\n") } else { round.to_text() };
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|cause| Failure::io("stdout does not take the round", cause))
}
