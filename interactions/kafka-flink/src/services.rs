//! The systems a run uses: configured ones, or dev services where nothing is configured.

use crate::processor_args::{ProcessorArgs, SinkKind};
use devservices::{DevServiceError, EmbeddedKafka, EmbeddedPostgres, KafkaOptions, PostgresOptions};
use service::{
    Context, Exit, Failure, Kafka, KafkaProtocol, KafkaSecurity, PostgresTls, Postgresql, Secret, SharedArgs,
    StateDir,
};
use std::path::PathBuf;
use std::sync::Arc;

/// Partitions of the sample topic.
const PARTITIONS: i32 = 4;

/// Which systems a script's parameters name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    pub kafka: bool,
    pub postgresql: bool,
}

impl Needs {
    /// A parameter that is not there needs nothing: such a script brings its own addresses.
    pub fn of(script: &str, args: &ProcessorArgs) -> Self {
        let sink = args.sink == SinkKind::Postgresql && script.contains("${sink_options}");
        Self {
            kafka: script.contains("${source_options}") || script.contains("${kafka_"),
            postgresql: sink || script.contains("${postgres_"),
        }
    }
}

/// What is configured, or was started.
pub struct Services {
    pub kafka: Option<Kafka>,
    pub postgresql: Option<Postgresql>,
    pub dev_kafka: Option<EmbeddedKafka>,
    pub dev_postgres: Option<EmbeddedPostgres>,
}

impl Services {
    /// The configured systems, without starting anything.
    ///
    /// # Errors
    /// Outside development a missing section is a configuration error.
    pub fn configured(ctx: &Context, needs: Needs) -> Result<Self, Failure> {
        let kafka = if needs.kafka { ctx.cluster.require_kafka()?.cloned() } else { None };
        let postgresql = if needs.postgresql { ctx.cluster.require_postgresql()?.cloned() } else { None };
        let client_certificate =
            kafka.as_ref().is_some_and(|kafka| kafka.security.certificate_file.is_some())
                || postgresql.as_ref().is_some_and(|postgresql| postgresql.certificate_file.is_some());
        if client_certificate {
            return Err(Failure::config("certificate_file: client certificates are not supported yet")
                .remedy("authenticate with username and password"));
        }
        Ok(Self { kafka, postgresql, dev_kafka: None, dev_postgres: None })
    }

    /// Stands in for what dev services would give, where nothing may be started.
    pub fn with_placeholders(mut self, needs: Needs) -> Self {
        if needs.kafka && self.kafka.is_none() {
            self.kafka = Some(plaintext_kafka("dev-services:9092".into()));
        }
        if needs.postgresql && self.postgresql.is_none() {
            self.postgresql = Some(postgres_at("dev-services", 5432, "ibb", "ibb", None));
        }
        self
    }

    /// Starts what is needed and not configured, and says so.
    pub async fn start_missing(
        mut self,
        ctx: &Context,
        needs: Needs,
        args: &ProcessorArgs,
    ) -> Result<Self, Failure> {
        let folder = state_folder(ctx, &args.shared)?;
        if needs.postgresql && self.postgresql.is_none() {
            let mut options = PostgresOptions::new(folder.join("dev/postgres"));
            options.progress = Some(Arc::new(|step| eprintln!("dev services: {step}")));
            let server = EmbeddedPostgres::start(options).await.map_err(failure)?;
            eprintln!(
                "dev services: postgresql is not configured, using an embedded one: {}",
                server.startup()
            );
            let password = Some(Secret::new(server.password()));
            let (host, port) = (server.host(), server.port());
            self.postgresql = Some(postgres_at(host, port, server.database(), server.user(), password));
            self.dev_postgres = Some(server);
        }
        if needs.kafka && self.kafka.is_none() {
            let mut options = KafkaOptions::new(&folder);
            options.topics = vec![(args.kafka_topic.clone(), PARTITIONS)];
            let broker = EmbeddedKafka::start(options).await.map_err(failure)?;
            eprintln!(
                "dev services: kafka is not configured, using an embedded one at {}; it forgets everything when it \
                 stops",
                broker.bootstrap()
            );
            self.kafka = Some(plaintext_kafka(broker.bootstrap().to_owned()));
            self.dev_kafka = Some(broker);
        }
        Ok(self)
    }

    /// How to look at the result.
    pub fn hint(&self, table: &str) -> Option<String> {
        let server = self.dev_postgres.as_ref()?;
        let mut text = format!(
            "look at the table while this runs:\n  {} -c 'SELECT * FROM {table} ORDER BY 1 DESC LIMIT 20'",
            server.psql_command()
        );
        if let Some(more) = server.psql_hint() {
            text.push_str(&format!("\n  ({more})"));
        }
        Some(text)
    }

    /// Stops what was started; a dev service that does not stop is reported, not fatal.
    pub async fn stop(self) {
        if let Some(kafka) = self.dev_kafka
            && let Err(error) = kafka.stop().await
        {
            tracing::warn!(%error, "the embedded Kafka did not stop cleanly");
        }
        if let Some(postgres) = self.dev_postgres
            && let Err(error) = postgres.stop().await
        {
            tracing::warn!(%error, "the embedded PostgreSQL did not stop cleanly");
        }
    }
}

/// The local folder of `--state-dir`.
pub fn state_folder(ctx: &Context, shared: &SharedArgs) -> Result<PathBuf, Failure> {
    match shared.state_dir(&ctx.places) {
        StateDir::Folder(folder) => Ok(folder),
        StateDir::Url(url) => {
            Err(Failure::usage(format!("--state-dir {url}: object stores are not supported yet"))
                .remedy("a local folder"))
        }
    }
}

fn plaintext_kafka(broker: String) -> Kafka {
    Kafka {
        brokers: vec![broker],
        security: KafkaSecurity {
            protocol: KafkaProtocol::Plaintext,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            key_password: None,
            mechanism: None,
            username: None,
            password: None,
        },
    }
}

fn postgres_at(host: &str, port: u16, database: &str, user: &str, password: Option<Secret>) -> Postgresql {
    Postgresql {
        host: host.to_owned(),
        port,
        database: database.to_owned(),
        user: user.to_owned(),
        password,
        tls: PostgresTls::Disable,
        ca_file: None,
        certificate_file: None,
        key_file: None,
    }
}

pub fn failure(error: DevServiceError) -> Failure {
    Failure::new(Exit::Unavailable, "a dev service could not be started").because(error)
}
