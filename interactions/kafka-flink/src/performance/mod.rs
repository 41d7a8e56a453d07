//! The body of `performance_test`: load, pipeline and report in one process.

mod args;
mod clock;
mod load;
mod measure;
mod murmur2;
mod on_flink;
mod pipeline;
mod report;
mod usage;

pub use args::{Form, PerformanceArgs};

use crate::processor_args::ProcessorArgs;
use crate::produce::settings;
use crate::sample::of_kafka;
use crate::script::{Parameters, jdbc_url};
use crate::services::{Needs, Services, failure};
use crate::state::state_folder;
use args::Names;
use clock::RunClock;
use devservices::{GroupPacer, PARTITION_UNREAD_BYTES_MAX};
use kafka::{Producer, ProducerConfig};
use load::{Load, Plan, Sent};
use measure::Measured;
use pipeline::{Handle, SCRIPT};
use postgres::{Counted, Inspection};
use report::{Asked, Report, Seen};
use service::{Body, Context, Engine, Exit, Failure, Kafka, Postgresql, Progress};
use sql::Script;
use std::cell::Cell;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long the last messages may take to be acknowledged.
const FLUSH_MAX: Duration = Duration::from_secs(30);

/// Runs the load and prints the report.
pub fn performance(ctx: Context, args: PerformanceArgs) -> Body {
    Box::pin(performance_test(ctx, args))
}

async fn performance_test(ctx: Context, args: PerformanceArgs) -> Result<(), Failure> {
    let names = Names::of_run(&resilience::entropy::writer_id());
    let processor = args.processor(&names);
    processor.check("performance_test")?;
    let needs = Needs::of(SCRIPT, &processor);
    let services = Services::configured(&ctx, needs)?;
    let on_flink = args.engine == Engine::Flink;
    if args.shared.render || args.shared.dry_run && !on_flink {
        return show(&args, &processor, services.with_placeholders(needs));
    }
    let services = services.start_missing(&ctx, needs, &processor).await?;
    if args.shared.dry_run {
        println!("{}", on_flink::explain(&processor, &services).await?);
        services.stop().await;
        return Ok(());
    }
    let ended = Run::new(&ctx, &args, names, &services).and_run(&processor).await;
    services.stop().await;
    let report = ended?;
    match args.output {
        Form::Text => print!("{}", report.to_text()),
        Form::Json => println!("{}", report.to_json()),
    }
    let problems = report.problems();
    if problems.is_empty() {
        return Ok(());
    }
    let failure = Failure::new(Exit::Failure, "the test did not pass");
    Err(problems.into_iter().fold(failure, Failure::detail))
}

/// `--render` and `--dry-run`: nothing is started, nothing is asked.
fn show(args: &PerformanceArgs, processor: &ProcessorArgs, services: Services) -> Result<(), Failure> {
    let parameters = Parameters::new(processor, services.kafka.as_ref(), services.postgresql.as_ref());
    if args.shared.render {
        let rendered =
            Script::render(SCRIPT, &parameters.without_secrets()).map_err(crate::process::of_sql)?;
        println!("{}", rendered.trim_end());
        return Ok(());
    }
    let pipeline = pipeline::plan(&parameters.all(), &Measured::new(RunClock::start()))?;
    println!("{}", pipeline.describe().trim_end());
    Ok(())
}

struct Run<'a> {
    ctx: &'a Context,
    args: &'a PerformanceArgs,
    names: Names,
    services: &'a Services,
    clock: RunClock,
    measured: Arc<Measured>,
    /// Whether there is a topic, or a table, to remove.
    made: Made,
}

#[derive(Default)]
struct Made {
    topic: Cell<bool>,
    table: Cell<bool>,
}

impl<'a> Run<'a> {
    fn new(ctx: &'a Context, args: &'a PerformanceArgs, names: Names, services: &'a Services) -> Self {
        let clock = RunClock::start();
        Self { ctx, args, names, services, clock, measured: Measured::new(clock), made: Made::default() }
    }

    /// Runs, and removes what the run made, also when it failed.
    async fn and_run(self, processor: &ProcessorArgs) -> Result<Report, Failure> {
        let (Some(kafka), Some(postgresql)) = (&self.services.kafka, &self.services.postgresql) else {
            return Err(Failure::internal("the script names neither source nor sink"));
        };
        let report = self.run(processor, kafka, postgresql).await;
        if self.args.keep {
            eprintln!("kept: topic, group and table {}, and the snapshots", self.names.table);
            return report;
        }
        self.clean_up(kafka, postgresql).await;
        if self.args.engine == Engine::Embedded
            && let state = self.state()?
            && let Err(error) = std::fs::remove_dir_all(&state)
            && state.exists()
        {
            tracing::warn!(%error, folder = %state.display(), "The run's snapshots stay behind.");
        }
        report
    }

    /// Of a run on the embedded engine.
    fn state(&self) -> Result<PathBuf, Failure> {
        Ok(state_folder(self.ctx, &self.args.shared)?.join("pipelines").join(&self.names.pipeline))
    }

    async fn run(
        &self,
        processor: &ProcessorArgs,
        kafka: &Kafka,
        postgresql: &Postgresql,
    ) -> Result<Report, Failure> {
        let args = self.args;
        let mut config = ProducerConfig::new("performance_test", settings(kafka));
        config.connect_timeout = args.shared.connect_timeout;
        config.linger = Duration::from_millis(args.linger_ms.into());
        let producer = Arc::new(Producer::connect(config).await.map_err(of_kafka)?);
        let partitions = producer.ensure_topic(&self.names.topic, args.partitions).await.map_err(of_kafka)?;
        self.made.topic.set(true);
        // Also if it fails half-way.
        self.made.table.set(true);
        let handle = Handle::default();
        let (ran, seen) = tokio::join!(
            self.engine(processor, kafka, postgresql, &handle),
            self.under_load(kafka, producer, partitions, &handle),
        );
        // A failed pipeline is why the load saw nothing of it.
        ran?;
        let mut seen = seen?;
        seen.peak_rss_bytes = usage::peak_rss_bytes();
        seen.counted = self.count(postgresql).await?;
        Ok(Report { asked: self.asked(partitions), seen, latencies: self.measured.latencies() })
    }

    /// Runs the script until `handle.stop`, or until it fails.
    async fn engine(
        &self,
        processor: &ProcessorArgs,
        kafka: &Kafka,
        postgresql: &Postgresql,
        handle: &Handle,
    ) -> Result<(), Failure> {
        let _ended = handle.ended.clone().drop_guard();
        if self.args.engine == Engine::Flink {
            return on_flink::run(self, processor, postgresql, handle).await;
        }
        let parameters = Parameters::new(processor, Some(kafka), Some(postgresql));
        let planned = pipeline::plan(&parameters.all(), &self.measured)?;
        let shared = &self.args.shared;
        let graph = pipeline::build(planned, self.ctx, shared, &self.names, &self.measured).await?;
        pipeline::run(graph, shared, &self.names, &self.state()?.join("snapshots"), handle).await
    }

    /// Loads the pipeline, waits until everything acknowledged is committed, and ends it.
    async fn under_load(
        &self,
        kafka: &Kafka,
        producer: Arc<Producer>,
        partitions: u32,
        handle: &Handle,
    ) -> Result<Seen, Failure> {
        let health = self.ctx.health.component("pipeline");
        let _end = handle.stop.clone().drop_guard();
        if !handle.began().await {
            return Err(Failure::internal("the pipeline ended before it began"));
        }
        let pacer = self.pacer(kafka).await?;
        let plan = Plan {
            topic: self.names.topic.clone(),
            partitions,
            per_second: self.args.messages_per_second.get(),
            messages: self.args.messages(),
            seed: self.args.seed,
        };
        let used_before = usage::cpu_seconds();
        // Before the health, from which `--duration` counts: no message of the plan is cut off.
        let begun_us = self.clock.now_us();
        self.measured.leave_out_before(begun_us + i64::from(self.args.warm_up) * 1_000_000);
        health.connected();
        let load = Load {
            plan: plan.clone(),
            producer: producer.clone(),
            pacer: pacer.as_ref().map(|pacer| pacer.pacer().clone()),
            clock: self.clock,
            begun_us,
        };
        let sent = self.send(load, handle).await?;
        let mut seen = self.drain(&plan, sent, &producer, handle).await;
        seen.cpu_seconds = usage::cpu_seconds().zip(used_before).map(|(after, before)| after - before);
        Ok(seen)
    }

    /// In a task of its own: whatever the pipeline does, messages go out when they are due.
    async fn send(&self, load: Load, handle: &Handle) -> Result<Sent, Failure> {
        let progress = self.ctx.progress("rows committed", load.plan.messages, "rows");
        let (stop, give_up) = (self.ctx.shutdown.token().clone(), handle.ended.clone());
        let sending = tokio::spawn(async move { load.send(&stop, &give_up).await });
        let sent = tokio::select! {
            sent = sending => sent?,
            never = show_progress(&self.measured, &progress) => match never {},
        };
        progress.done();
        sent
    }

    async fn drain(&self, plan: &Plan, sent: Sent, producer: &Producer, handle: &Handle) -> Seen {
        let _task = self.ctx.shutdown.task("the last rows");
        if let Err(error) = producer.flush(FLUSH_MAX).await {
            tracing::error!(%error, "Not every message was delivered.");
        }
        let delivered = producer.delivered();
        let drained = tokio::select! {
            in_time = self.measured.committed_in_time(delivered.delivered, self.args.drain_max()) => in_time,
            () = handle.ended.cancelled() => false,
        };
        let since = |us: i64| Duration::from_micros(u64::try_from(us).unwrap_or(0));
        // The last message has its share of time, too.
        let ended_us = sent.ended_us.max(sent.begun_us + plan.due_after_us(sent.sent));
        Seen {
            due: sent.due,
            sent: sent.sent,
            acknowledged: delivered.delivered,
            not_delivered: delivered.failed,
            sending: since(ended_us - sent.begun_us),
            drained: drained.then(|| since(self.measured.last_commit_us() - sent.last_due_us)),
            reported: self.measured.committed(),
            ..Seen::default()
        }
    }

    /// The embedded broker drops what is not read in time.
    async fn pacer(&self, kafka: &Kafka) -> Result<Option<GroupPacer>, Failure> {
        if self.services.dev_kafka.is_none() {
            return Ok(None);
        }
        let names = &self.names;
        let brokers = kafka.brokers.join(",");
        let pacer = GroupPacer::start(&brokers, &names.group, &names.topic, PARTITION_UNREAD_BYTES_MAX);
        Ok(Some(pacer.await.map_err(failure)?))
    }

    fn asked(&self, partitions: u32) -> Asked {
        Asked {
            engine: self.args.engine,
            per_second: self.args.messages_per_second.get(),
            checkpoint_interval: self.args.shared.checkpoint_interval,
            parallelism: self.args.shared.parallelism().get(),
            partitions,
            warm_up: Duration::from_secs(self.args.warm_up.into()),
            embedded_kafka: self.services.dev_kafka.is_some(),
            embedded_postgresql: self.services.dev_postgres.is_some(),
        }
    }

    async fn inspect(&self, postgresql: &Postgresql) -> Result<Inspection, Failure> {
        let password = postgresql.password.as_ref().map(|password| password.expose());
        let timeout = self.args.shared.connect_timeout;
        let opened = Inspection::open(&jdbc_url(postgresql), &postgresql.user, password, timeout).await;
        opened.map_err(|error| crate::failure::of_stream(error.into()))
    }

    async fn count(&self, postgresql: &Postgresql) -> Result<Counted, Failure> {
        let mut inspection = self.inspect(postgresql).await?;
        let counted = inspection.count(&self.names.table, "seq").await;
        inspection.close().await;
        counted.map_err(|error| crate::failure::of_stream(error.into()))
    }

    /// What cannot be removed is said, and no reason to fail.
    async fn clean_up(&self, kafka: &Kafka, postgresql: &Postgresql) {
        let names = &self.names;
        if self.made.table.get() {
            let forgotten = match self.inspect(postgresql).await {
                Ok(mut inspection) => {
                    let forgotten = inspection.forget(&names.table, &names.pipeline).await;
                    inspection.close().await;
                    forgotten.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = forgotten {
                tracing::warn!(error, table = names.table, "The run's table stays behind.");
            }
        }
        // The embedded broker forgets everything by itself.
        if self.made.topic.get() && self.services.dev_kafka.is_none() {
            let timeout = self.args.shared.connect_timeout;
            let settings = settings(kafka);
            let deleted = kafka::delete_topic_and_group(&settings, &names.topic, &names.group, timeout);
            if let Err(error) = deleted.await {
                tracing::warn!(%error, topic = names.topic, "The run's topic or group stays behind.");
            }
        }
    }
}

async fn show_progress(measured: &Measured, progress: &Progress) -> Infallible {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        progress.set(measured.committed());
    }
}
