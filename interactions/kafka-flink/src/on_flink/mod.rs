//! `--engine flink`: the script runs on a cluster, and its jobs are followed as if they ran here.

mod errors;
mod follow;
mod stop;

use crate::process::{of_build, of_sql};
use crate::processor_args::ProcessorArgs;
use crate::sample::Sample;
use crate::script::Parameters;
use crate::services::Services;
use crate::topics::create_topic;
use ::flink::{
    ClusterOverview, Endpoint, Gateway, JobManager, Session, SessionOptions, Setting, Statement,
    StatementKind, Submitted, Timeouts,
};
pub use errors::Of;
use service::{Context, Failure, Flink};
use sql::Script;
use stream::ConnectorContext;

/// How long the cluster may take to accept one statement: it compiles it, and looks at its tables.
const STATEMENT_MAX: std::time::Duration = std::time::Duration::from_secs(180);

/// Gives the script to the cluster and stays with its jobs, unless told otherwise.
pub async fn run(
    ctx: &Context,
    args: &ProcessorArgs,
    text: &str,
    base_dir: std::path::PathBuf,
    services: &Services,
) -> Result<(), Failure> {
    let parameters = parameters(args, services)?;
    let opened = Opened::new(args, text, services, &parameters).await?;
    if args.shared.dry_run {
        println!("{}", opened.explain().await?);
        return Ok(());
    }
    if services.container_flink.is_some() {
        create_targets(args, text, base_dir, services).await?;
    }
    let mut sample = if args.engine.detach { None } else { Sample::start(args, services, ctx) };
    if let Some(sample) = &mut sample {
        // Flink takes a partition without records for idle after a while, and what then comes in it for late.
        sample.history().await;
    }
    let name = job_name(ctx, args, &opened.script);
    let (cluster, of) = (opened.cluster.clone(), opened.of);
    let jobs = opened.launch(&name).await?;
    announce(&jobs, &cluster);
    if args.engine.detach {
        return Ok(());
    }
    if let Some(hint) = services.hint(&args.table_name) {
        eprintln!("{hint}");
    }
    let ended = follow::follow(ctx, args, &cluster, jobs, &of).await;
    if let Some(sample) = sample {
        sample.end().await;
    }
    ended
}

/// What fills a script for the cluster: addresses are those that it reaches.
pub fn parameters(args: &ProcessorArgs, services: &Services) -> Result<Parameters, Failure> {
    let kafka = services.kafka_of_flink();
    if kafka.as_ref().is_some_and(|kafka| kafka.security.certificate_file.is_some()) {
        return Err(Failure::config(
            "kafka.security.certificate_file: on Flink a client certificate is a keystore",
        )
        .remedy("write 'properties.ssl.keystore.*' into a script of your own (--sql FILE)"));
    }
    Ok(Parameters::new(args, kafka.as_ref(), services.postgresql_of_flink().as_ref()))
}

/// A script and a session that can run it.
pub struct Opened<'a> {
    script: Vec<Statement>,
    session: Session,
    pub cluster: JobManager,
    pub of: Of<'a>,
}

impl<'a> Opened<'a> {
    pub async fn new(
        args: &ProcessorArgs,
        text: &str,
        services: &Services,
        parameters: &'a Parameters,
    ) -> Result<Self, Failure> {
        let of = Of(parameters);
        let script = Script::render(text, &parameters.all()).map_err(of_sql)?;
        let script = ::flink::split(&script).map_err(|error| of.flink(error))?;
        let (session, cluster) = connect(args, services, &of).await?;
        Ok(Self { script, session, cluster, of })
    }

    /// What the cluster would run.
    pub async fn explain(&self) -> Result<String, Failure> {
        let plan = self.session.explain(&self.script, STATEMENT_MAX).await;
        Ok(plan.map_err(|error| self.of.flink(error))?.trim_end().to_owned())
    }

    /// Starts the script's jobs, called `name`; they do not need the session.
    pub async fn launch(self, name: &str) -> Result<Vec<Submitted>, Failure> {
        let launched = self.session.launch(&self.script, name, &self.cluster, STATEMENT_MAX).await;
        let jobs = launched.map_err(|error| self.of.flink(error))?;
        if let Err(error) = self.session.close().await {
            tracing::debug!(%error, "The session is left to expire; its jobs do not need it.");
        }
        Ok(jobs)
    }
}

/// A session whose jobs are what the flags ask for, and the JobManager that knows them.
async fn connect(
    args: &ProcessorArgs,
    services: &Services,
    of: &Of<'_>,
) -> Result<(Session, JobManager), Failure> {
    let Some(flink) = &services.flink else {
        return Err(Failure::internal("--engine flink without a cluster"));
    };
    let timeouts = Timeouts { unreachable: args.shared.connect_timeout, ..Timeouts::default() };
    let endpoint = endpoint(flink)?;
    let gateway = Gateway::connect(endpoint.clone(), timeouts).await.map_err(|error| {
        of.flink(error).remedy("set flink.sql_gateway to the REST address of the cluster's SQL Gateway")
    })?;
    let session = gateway.open(options(args)?).await.map_err(|error| of.flink(error))?;
    let url = match &flink.rest {
        Some(url) => url.clone(),
        None => session.jobmanager_url().await.map_err(|error| of.flink(error))?,
    };
    let cluster = JobManager::new(endpoint.at(url), timeouts).map_err(|error| of.flink(error))?;
    let ClusterOverview { flink_version, taskmanagers, slots_available, .. } =
        cluster.overview().await.map_err(|error| {
            of.flink(error).remedy("set flink.rest to the JobManager's address as this machine reaches it")
        })?;
    let (gateway, jobmanager) = (gateway.url(), cluster.url());
    tracing::info!(gateway, jobmanager, flink_version, taskmanagers, slots_available, "Connected to Flink.");
    Ok((session, cluster))
}

fn endpoint(flink: &Flink) -> Result<Endpoint, Failure> {
    let mut endpoint = Endpoint::from(&flink.sql_gateway);
    if let Some(user) = &flink.username {
        let password = flink.password.as_ref().map_or("", |password| password.expose());
        endpoint.login = Some((user.clone(), password.to_owned()));
    }
    if let Some(file) = &flink.ca_file {
        let pem = std::fs::read(file);
        let pem = pem.map_err(|cause| Failure::io(format!("flink.ca_file {}", file.display()), cause))?;
        endpoint.authorities_pem = Some(pem);
    }
    Ok(endpoint)
}

/// What the flags say of a job; the script's own SET comes later and wins.
fn options(args: &ProcessorArgs) -> Result<SessionOptions, Failure> {
    let interval = format!("{} ms", args.shared.checkpoint_interval.as_millis());
    let mut options = SessionOptions::default().set("execution.checkpointing.interval", interval);
    if let Some(parallelism) = args.shared.parallelism {
        options = options.set("parallelism.default", parallelism.to_string());
    }
    if let Some(savepoint) = &args.engine.from_savepoint {
        options = options.set("execution.state-recovery.path", savepoint);
        if args.engine.allow_non_restored_state {
            options = options.set("execution.state-recovery.ignore-unclaimed-state", "true");
        }
    }
    if let Some(folder) = &args.shared.state_dir {
        if !folder.contains("://") {
            return Err(Failure::usage(format!(
                "--state-dir {folder}: a Flink cluster cannot reach a folder of this machine"
            ))
            .remedy("a URL that every machine of the cluster reaches, such as s3://bucket/path"));
        }
        options = options
            .set("execution.checkpointing.dir", format!("{folder}/checkpoints"))
            .set("execution.checkpointing.savepoint-dir", format!("{folder}/savepoints"));
    }
    Ok(options)
}

/// `--pipeline`, or what the script calls itself, or the program's name.
fn job_name(ctx: &Context, args: &ProcessorArgs, script: &[Statement]) -> String {
    let in_script = script.iter().rev().find_map(|statement| match &statement.kind {
        StatementKind::Setting(Setting::Set { key, value }) if key == "pipeline.name" => Some(value.clone()),
        _ => None,
    });
    match in_script {
        Some(name) if args.shared.pipeline.is_none() => name,
        _ => ctx.pipeline.clone(),
    }
}

fn announce(jobs: &[Submitted], cluster: &JobManager) {
    for Submitted { job, name } in jobs {
        eprintln!("flink: job {job} '{name}' is on the cluster: {}/#/job/{job}", cluster.url());
    }
}

/// In development the tables and topics that are written are made, as for the embedded engine, where the script is one
/// that it can plan.
pub async fn create_targets(
    args: &ProcessorArgs,
    text: &str,
    base_dir: std::path::PathBuf,
    services: &Services,
) -> Result<(), Failure> {
    let parameters = Parameters::new(args, services.kafka.as_ref(), services.postgresql.as_ref());
    let script = Script::render(text, &parameters.all()).and_then(|text| sql::parse(&text));
    let pipeline = match script.and_then(|script| sql::plan(&script)) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            tracing::info!(%error, "Tables and topics are not created: only Flink can read this script.");
            return Ok(());
        }
    };
    let context = ConnectorContext {
        pipeline: String::new(),
        base_dir,
        connect_timeout: args.shared.connect_timeout,
        batch_rows_max: 1,
        rows_per_second_max: None,
    };
    for (connector, table) in pipeline.sink_tables() {
        let created = match connector {
            "jdbc" => postgres::create_table_if_missing(table, &context).await,
            "kafka" | "upsert-kafka" => create_topic(table, &context).await,
            _ => continue,
        };
        let cause = |cause| of_build(sql::BuildError::Connector { table: table.name.clone(), cause });
        if created.map_err(cause)? {
            tracing::info!(table = table.name, "What was missing was created, as this is development.");
        }
    }
    Ok(())
}
