//! From flags to a finished run.

use crate::echo::Echo;
use crate::failure::of_stream;
use crate::processor_args::{ProcessorArgs, SinkKind, StateBackendKind};
use crate::sample::Sample;
use crate::script::Parameters;
use crate::script_command::script_command;
use crate::services::{Needs, Services};
use crate::state::{pipeline_name, savepoints, state_folder};
use crate::stateful_args::StatefulArgs;
use crate::topics::{CreatingTopics, dead_letters_table};
use crate::{live, on_flink};
use async_trait::async_trait;
use files::{FileFormat, FilesSink, Filesystem};
use kafka::{KafkaConnector, UpsertKafka};
use postgres::Jdbc;
use resilience::RetryPolicy;
use service::{Body, Context, DeadLetters, Engine, Exit, Failure, OrFail};
use sql::{Script, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stream::{
    Blackhole, Connector, ConnectorContext, Connectors, Datagen, Graph, NodeKind, OptionSpec, Print,
    RunOptions, Sink, SnapshotStore, SourceFactory, StateBackend, StreamError, TableSpec,
};

/// Rows of one batch, unless the script sets `ibb.source.batch-rows`.
pub const BATCH_ROWS: usize = 8_192;
/// Rows that wait for their commit end the epoch early beyond this many bytes.
pub const PENDING_BYTES_MAX: usize = 64 << 20;
/// How long a commit is tried again while the database does not answer.
pub const COMMIT_RETRY: Duration = Duration::from_secs(120);

/// The body of `stream_processor`.
pub fn process(ctx: Context, args: ProcessorArgs) -> Body {
    Box::pin(run_pipeline(ctx, args, "stream_processor"))
}

/// The body of `stateful_processor`.
pub fn stateful(ctx: Context, args: StatefulArgs) -> Body {
    Box::pin(run_pipeline(ctx, args.into_processor(), "stateful_processor"))
}

async fn run_pipeline(ctx: Context, args: ProcessorArgs, program: &'static str) -> Result<(), Failure> {
    args.check(program)?;
    if let Some(command) = &args.command {
        return script_command(&ctx, &args, command).await;
    }
    let (text, base_dir) = script_text(&ctx, &args)?;
    let needs = Needs::of(&text, &args);
    let services = Services::configured(&ctx, needs)?;
    let on_flink = args.engine.engine == Engine::Flink;
    if args.shared.render || args.shared.dry_run && !on_flink {
        return show(&text, &args, services.with_placeholders(needs));
    }
    let services = services.start_missing(&ctx, needs, &args).await?;
    let ended = match on_flink {
        true => on_flink::run(&ctx, &args, &text, base_dir, &services).await,
        false => run(&ctx, &args, &text, base_dir, &services).await,
    };
    services.stop().await;
    ended
}

/// The script, and the folder its relative paths start from.
fn script_text(ctx: &Context, args: &ProcessorArgs) -> Result<(String, PathBuf), Failure> {
    let Some(path) = &args.engine.sql else {
        return Ok((args.shipped.text().to_owned(), ctx.places.user.clone()));
    };
    let path = ctx.places.user_path(path);
    let text = std::fs::read_to_string(&path)
        .map_err(|cause| Failure::io(format!("--sql {} cannot be read", path.display()), cause))?;
    let folder = path.parent().map_or_else(|| ctx.places.user.clone(), Path::to_path_buf);
    Ok((text, folder))
}

/// `--render` and `--dry-run`: nothing is started, nothing is asked.
fn show(text: &str, args: &ProcessorArgs, services: Services) -> Result<(), Failure> {
    let parameters = Parameters::new(args, services.kafka.as_ref(), services.postgresql.as_ref());
    if args.shared.render {
        let rendered = Script::render(text, &parameters.without_secrets()).map_err(of_sql)?;
        println!("{}", rendered.trim_end());
        for secret in parameters.secrets().filter(|name| rendered.contains(&format!("${{{name}}}"))) {
            eprintln!("left open, as it is secret: ${{{secret}}}");
        }
        return Ok(());
    }
    let pipeline = plan(text, &parameters.all())?.1;
    println!("{}", pipeline.describe().trim_end());
    Ok(())
}

fn plan(text: &str, parameters: &BTreeMap<String, String>) -> Result<(Script, sql::Pipeline), Failure> {
    let script = sql::parse(&Script::render(text, parameters).map_err(of_sql)?).map_err(of_sql)?;
    let pipeline = sql::plan(&script).map_err(of_sql)?;
    pipeline.check_connectors(&connectors(false)).map_err(of_sql)?;
    Ok((script, pipeline))
}

async fn run(
    ctx: &Context,
    args: &ProcessorArgs,
    text: &str,
    base_dir: PathBuf,
    services: &Services,
) -> Result<(), Failure> {
    let mut parameters = Parameters::new(args, services.kafka.as_ref(), services.postgresql.as_ref());
    if services.dev_kafka.is_some() {
        if args.sink == SinkKind::Kafka {
            eprintln!(
                "dev services: the embedded kafka has no transactions, so topics are written at least once; a container \
                 or a configured one is written exactly once"
            );
        }
        parameters = parameters.on_embedded_kafka();
    }
    let (script, pipeline) = plan(text, &parameters.all())?;
    let settings = script.settings();
    let folder = state_folder(ctx, &args.shared)?;
    let name = pipeline_name(ctx, args, services, settings.pipeline_name.as_deref(), &folder)?;
    let connectors_health = ctx.health.component("connectors");
    let context = ConnectorContext {
        pipeline: name.clone(),
        base_dir,
        connect_timeout: args.shared.connect_timeout,
        batch_rows_max: settings.batch_rows_max.unwrap_or(BATCH_ROWS),
        rows_per_second_max: settings.rows_per_second_max,
    };
    let parallelism = settings.parallelism.unwrap_or(args.shared.parallelism().get());
    let connectors = connectors(ctx.environment.is_development());
    let mut graph = pipeline.build(&connectors, &context, parallelism).await.map_err(of_build)?;
    let state = folder.join("pipelines").join(&name);
    let kept = kept_in(ctx, args, settings, &context, &state)?;
    dead_letters(&mut graph, ctx, kept, services, &context).await?;
    if ctx.environment.is_development() && args.sink != SinkKind::Stdout {
        echo(&mut graph);
    }
    ctx.status.set("plan", graph.describe().lines().collect::<Vec<_>>());
    connectors_health.connected();
    if let Some(hint) = services.hint(&args.table_name) {
        eprintln!("{hint}");
    }
    let status = ctx.status.clone();
    let options = RunOptions {
        pipeline: name,
        store: SnapshotStore::open(state.join("snapshots"), &context.pipeline).map_err(of_stream)?,
        state_backend: backend(args, &state)?,
        checkpoint_interval: settings.checkpoint_interval.unwrap_or(args.shared.checkpoint_interval),
        pending_bytes_max: PENDING_BYTES_MAX,
        shutdown: ctx.shutdown.token().clone(),
        commit_retry: RetryPolicy { total_max: COMMIT_RETRY, ..RetryPolicy::default() },
        on_epoch: Arc::new(move |progress| status.set("progress", progress)),
        savepoints: savepoints(ctx, &args.engine, &folder),
        monitor: live::shown(ctx),
    };
    let sample = Sample::start(args, services, ctx);
    let report = stream::run(graph, options).await.map_err(of_stream);
    if let Some(sample) = sample {
        sample.end().await;
    }
    let report = report?;
    let progress = serde_json::to_string(&report.progress).unwrap_or_default();
    tracing::info!(epoch = report.epoch.0, ended = report.ended, progress, "Everything read is committed.");
    if let Some(path) = &report.savepoint {
        println!("savepoint: {}", path.display());
    }
    Ok(())
}

fn backend(args: &ProcessorArgs, state: &Path) -> Result<StateBackend, Failure> {
    let folder = state.join("lsm");
    // Working copies that a run left which was killed; it may have had more tasks.
    match std::fs::remove_dir_all(&folder) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::io(format!("state folder {} cannot be cleared", folder.display()), cause));
        }
        _ => {}
    }
    Ok(match args.state_backend {
        StateBackendKind::Lsm => StateBackend::Lsm { folder },
        StateBackendKind::Memory | StateBackendKind::Rocksdb | StateBackendKind::Redis => {
            StateBackend::Memory
        }
    })
}

/// Every connector of this program.
pub fn connectors(create_tables: bool) -> Connectors {
    let all = Connectors::default();
    let all = all.with(Filesystem).with(Print).with(Blackhole).with(Datagen);
    match create_tables {
        true => {
            let kafka = all.with(CreatingTopics(KafkaConnector)).with(CreatingTopics(UpsertKafka));
            kafka.with(CreatingJdbc)
        }
        false => all.with(Jdbc).with(KafkaConnector).with(UpsertKafka),
    }
}

/// In development a missing target table is created; elsewhere it belongs to whoever owns the database.
struct CreatingJdbc;

#[async_trait]
impl Connector for CreatingJdbc {
    fn name(&self) -> &'static str {
        Jdbc.name()
    }

    fn options(&self) -> &'static [OptionSpec] {
        Jdbc.options()
    }

    fn takes_changes(&self, table: &TableSpec) -> bool {
        Jdbc.takes_changes(table)
    }

    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        Jdbc.source(table, context).await
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        // Nothing is made for a table that is wrong.
        Jdbc.check_sink(table, context).await?;
        if postgres::create_table_if_missing(table, context).await? {
            tracing::info!(
                table = table.name,
                "The table was missing and was created, as this is development."
            );
        }
        Jdbc.sink(table, context).await
    }
}

/// Where dead letters go: as the flag says, else the script, else the state.
fn kept_in(
    ctx: &Context,
    args: &ProcessorArgs,
    settings: &Settings,
    context: &ConnectorContext,
    state: &Path,
) -> Result<DeadLetters, Failure> {
    match (&args.shared.dead_letters, &settings.dead_letters) {
        (Some(DeadLetters::File(path)), _) => Ok(DeadLetters::File(ctx.places.user_path(path))),
        (Some(other), _) => Ok(other.clone()),
        (None, Some(text)) => match text.parse() {
            Ok(DeadLetters::File(path)) => Ok(DeadLetters::File(context.base_dir.join(path))),
            Ok(other) => Ok(other),
            Err(problem) => {
                Err(Failure::config(format!("SET 'ibb.dead-letters' = '{text}': it is {problem}")))
            }
        },
        (None, None) => Ok(DeadLetters::File(state.join("dead-letters"))),
    }
}

async fn dead_letters(
    graph: &mut Graph,
    ctx: &Context,
    kept: DeadLetters,
    services: &Services,
    context: &ConnectorContext,
) -> Result<(), Failure> {
    let folder = match kept {
        DeadLetters::File(folder) => folder,
        DeadLetters::Off => return Ok(()),
        DeadLetters::Topic(topic) => {
            let Some(kafka) = &services.kafka else {
                return Err(Failure::config(format!(
                    "dead letters to topic {topic}: kafka is not configured"
                )));
            };
            let guarantee = if services.dev_kafka.is_some() { "at-least-once" } else { "exactly-once" };
            let table = dead_letters_table(kafka, &topic, guarantee);
            let sink = match ctx.environment.is_development() {
                true => CreatingTopics(KafkaConnector).sink(&table, context).await,
                false => KafkaConnector.sink(&table, context).await,
            };
            graph.collect_dead_letters(sink.map_err(of_stream)?);
            tracing::info!(topic, "Bad and late records are kept.");
            return Ok(());
        }
    };
    let format = FileFormat::Json(Default::default());
    let schema = event::dead_letter_schema();
    let sink = FilesSink::new("dead_letters", &context.pipeline, &folder, &schema, &format);
    graph.collect_dead_letters(Box::new(sink.map_err(of_stream)?));
    tracing::info!(folder = %folder.display(), "Bad and late records are kept.");
    Ok(())
}

/// Lets people see the rows of every table that is committed.
fn echo(graph: &mut Graph) {
    for node in graph.nodes.iter_mut().filter(|node| node.label != "dead_letters") {
        if let NodeKind::Sink(slot) = &mut node.kind {
            *slot = slot.take().map(|sink| Box::new(Echo(sink)) as Box<dyn Sink>);
        }
    }
}

/// A mistake in a script.
pub fn of_sql(error: sql::SqlError) -> Failure {
    let failure = Failure::data("the script cannot run");
    error.problems.iter().fold(failure, |failure, problem| failure.detail(problem.to_string()))
}

/// A graph that could not be made.
pub fn of_build(error: sql::BuildError) -> Failure {
    match error {
        sql::BuildError::Script(error) => of_sql(error),
        sql::BuildError::Connector { table, cause } => {
            let message = format!("table '{table}': {}", cause.message);
            of_stream(StreamError { message, ..cause })
        }
    }
}

/// A failure of reading an input of `test_producer`.
pub fn of_input(error: anyhow::Error, path: &Path) -> Failure {
    Err::<(), _>(error).or_fail(Exit::Data, format!("--input {} cannot be used", path.display())).unwrap_err()
}
