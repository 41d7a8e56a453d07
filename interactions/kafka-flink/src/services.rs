//! The systems a run uses: configured ones, or dev services where nothing is configured.

use crate::processor_args::{ProcessorArgs, SinkKind};
use crate::state::state_folder;
use devservices::{
    ContainerFlink, ContainerKafka, ContainerOptions, ContainerPostgres, DevServiceError, EmbeddedKafka,
    EmbeddedPostgres, KafkaOptions, PostgresOptions,
};
use kafka::{KafkaSettings, Producer, ProducerConfig};
use service::{
    Context, DeadLetters, DevServices, Engine, Exit, Failure, Flink, Kafka, KafkaProtocol, KafkaSecurity,
    PostgresTls, Postgresql, Secret,
};
use std::path::Path;
use std::sync::Arc;

/// Partitions of the sample topic.
const PARTITIONS: i32 = 4;

/// Which systems a run wants: those that the script's parameters name, and a cluster to run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    pub kafka: bool,
    pub postgresql: bool,
    pub flink: bool,
}

impl Needs {
    /// A parameter that is not there needs nothing: such a script brings its own addresses.
    pub fn of(script: &str, args: &ProcessorArgs) -> Self {
        let sink = |kind| args.sink == kind && script.contains("${sink_options}");
        let dead_letters = matches!(args.shared.dead_letters, Some(DeadLetters::Topic(_)));
        Self {
            kafka: script.contains("${source_options}")
                || script.contains("${kafka_")
                || sink(SinkKind::Kafka)
                || dead_letters,
            postgresql: sink(SinkKind::Postgresql) || script.contains("${postgres_"),
            flink: args.engine.engine == Engine::Flink,
        }
    }
}

/// What is configured, or was started.
pub struct Services {
    pub kafka: Option<Kafka>,
    pub postgresql: Option<Postgresql>,
    pub flink: Option<Flink>,
    /// The embedded ones, which end with us.
    pub dev_kafka: Option<EmbeddedKafka>,
    pub dev_postgres: Option<EmbeddedPostgres>,
    /// Those of `tools/dev`, which stay.
    pub container_kafka: Option<ContainerKafka>,
    pub container_postgres: Option<ContainerPostgres>,
    pub container_flink: Option<ContainerFlink>,
    /// Whether a dev service's topic is new, so that the sample stream begins in the past.
    pub topic_is_new: bool,
}

impl Services {
    /// The configured systems, without starting anything.
    ///
    /// # Errors
    /// Outside development a missing section is a configuration error.
    pub fn configured(ctx: &Context, needs: Needs) -> Result<Self, Failure> {
        let kafka = if needs.kafka { ctx.cluster.require_kafka()?.cloned() } else { None };
        let postgresql = if needs.postgresql { ctx.cluster.require_postgresql()?.cloned() } else { None };
        let flink = if needs.flink { ctx.cluster.require_flink()?.cloned() } else { None };
        if postgresql.as_ref().is_some_and(|postgresql| postgresql.certificate_file.is_some()) {
            return Err(Failure::config("postgresql.certificate_file: not supported yet")
                .remedy("authenticate with username and password"));
        }
        Ok(Self {
            kafka,
            postgresql,
            flink,
            dev_kafka: None,
            dev_postgres: None,
            container_kafka: None,
            container_postgres: None,
            container_flink: None,
            topic_is_new: true,
        })
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

    /// Gives what is needed and not configured, and says so: a container, else an embedded one.
    pub async fn start_missing(
        mut self,
        ctx: &Context,
        needs: Needs,
        args: &ProcessorArgs,
    ) -> Result<Self, Failure> {
        let who = args.shared.dev_services;
        if needs.flink {
            return self.start_missing_for_flink(needs, who, &args.kafka_topic).await;
        }
        let folder = state_folder(ctx, &args.shared)?;
        if needs.postgresql && self.postgresql.is_none() {
            refuse_if_off(who, "postgresql", "host")?;
            match in_container(who, "postgresql", ContainerPostgres::start(&container_options(who))).await? {
                Some(server) => self.use_container_postgres(server),
                None => self.start_embedded_postgres(&folder).await.map_err(|e| ways_out(e, "postgresql"))?,
            }
        }
        if needs.kafka && self.kafka.is_none() {
            refuse_if_off(who, "kafka", "brokers")?;
            match in_container(who, "kafka", ContainerKafka::start(&container_options(who))).await? {
                Some(broker) => self.use_container_kafka(broker, &args.kafka_topic).await?,
                None => {
                    self.start_embedded_kafka(&folder, args).await.map_err(|e| ways_out(e, "kafka"))?;
                }
            }
        }
        Ok(self)
    }

    /// A cluster in containers reaches services in containers only, so there is one rung: containers, built if need be.
    async fn start_missing_for_flink(
        mut self,
        needs: Needs,
        who: DevServices,
        topic: &str,
    ) -> Result<Self, Failure> {
        let missing = [
            (needs.flink && self.flink.is_none(), "flink", "sql_gateway"),
            (needs.kafka && self.kafka.is_none(), "kafka", "brokers"),
            (needs.postgresql && self.postgresql.is_none(), "postgresql", "host"),
        ];
        for (_, service, key) in missing.iter().filter(|(is_missing, ..)| *is_missing) {
            refuse_if_off(who, service, key)?;
            if who == DevServices::Embedded {
                return Err(Failure::usage(
                    "--dev-services embedded: a Flink cluster does not reach embedded services",
                )
                .remedy(format!("--dev-services container, or configure {service}.{key}")));
            }
            if self.flink.is_some() {
                return Err(Failure::config(format!("flink is configured and {service} is not"))
                    .detail("a cluster elsewhere does not reach dev services of this machine")
                    .remedy(format!(
                        "set {service}.{key} in config/cluster.yaml, as the cluster reaches it"
                    )));
            }
        }
        let options = container_options(DevServices::Container);
        if needs.postgresql && self.postgresql.is_none() {
            let server = ContainerPostgres::start(&options).await.map_err(|e| ways_out(e, "postgresql"))?;
            self.use_container_postgres(server);
        }
        if needs.kafka && self.kafka.is_none() {
            let broker = ContainerKafka::start(&options).await.map_err(|e| ways_out(e, "kafka"))?;
            self.use_container_kafka(broker, topic).await?;
        }
        if self.flink.is_none() {
            let cluster = ContainerFlink::start(&options).await.map_err(|e| ways_out(e, "flink"))?;
            self.use_container_flink(cluster);
        }
        Ok(self)
    }

    fn use_container_flink(&mut self, cluster: ContainerFlink) {
        eprintln!(
            "dev services: flink is not configured, using the cluster in containers at {}: {}",
            cluster.jobmanager_url(),
            cluster.startup()
        );
        self.flink = Some(Flink {
            sql_gateway: cluster.gateway_url(),
            rest: Some(cluster.jobmanager_url()),
            username: None,
            password: None,
            ca_file: None,
        });
        self.container_flink = Some(cluster);
    }

    /// Kafka as a Flink cluster reaches it.
    pub fn kafka_of_flink(&self) -> Option<Kafka> {
        match &self.container_kafka {
            Some(container) => Some(plaintext_kafka(container.bootstrap_inside())),
            None => self.kafka.clone(),
        }
    }

    /// PostgreSQL as a Flink cluster reaches it.
    pub fn postgresql_of_flink(&self) -> Option<Postgresql> {
        let postgresql = self.postgresql.clone()?;
        Some(match &self.container_postgres {
            Some(container) => {
                let (host, port) = container.address_inside();
                Postgresql { host: host.to_owned(), port, ..postgresql }
            }
            None => postgresql,
        })
    }

    fn use_container_postgres(&mut self, server: ContainerPostgres) {
        eprintln!("dev services: postgresql is not configured, using the container: {}", server.startup());
        let password = Some(Secret::new(server.password()));
        let (host, port) = (server.host(), server.port());
        self.postgresql = Some(postgres_at(host, port, server.database(), server.user(), password));
        self.container_postgres = Some(server);
    }

    async fn use_container_kafka(&mut self, broker: ContainerKafka, topic: &str) -> Result<(), Failure> {
        let bootstrap = broker.bootstrap();
        eprintln!(
            "dev services: kafka is not configured, using the container at {bootstrap}: {}",
            broker.startup()
        );
        let settings = KafkaSettings::new(&bootstrap);
        let producer = Producer::connect(ProducerConfig::new("dev-services", settings)).await;
        let producer = producer.map_err(crate::sample::of_kafka)?;
        self.topic_is_new = !producer.has_topic(topic).await.map_err(crate::sample::of_kafka)?;
        producer.ensure_topic(topic, PARTITIONS.unsigned_abs()).await.map_err(crate::sample::of_kafka)?;
        self.kafka = Some(plaintext_kafka(bootstrap));
        self.container_kafka = Some(broker);
        Ok(())
    }

    async fn start_embedded_postgres(&mut self, folder: &Path) -> Result<(), DevServiceError> {
        let mut options = PostgresOptions::new(folder.join("dev/postgres"));
        options.progress = Some(Arc::new(|step| eprintln!("dev services: {step}")));
        let server = EmbeddedPostgres::start(options).await?;
        eprintln!("dev services: postgresql is not configured, using an embedded one: {}", server.startup());
        let password = Some(Secret::new(server.password()));
        let (host, port) = (server.host(), server.port());
        self.postgresql = Some(postgres_at(host, port, server.database(), server.user(), password));
        self.dev_postgres = Some(server);
        Ok(())
    }

    async fn start_embedded_kafka(
        &mut self,
        folder: &Path,
        args: &ProcessorArgs,
    ) -> Result<(), DevServiceError> {
        let mut options = KafkaOptions::new(folder);
        options.topics = vec![(args.kafka_topic.clone(), PARTITIONS)];
        let broker = EmbeddedKafka::start(options).await?;
        eprintln!(
            "dev services: kafka is not configured, using an embedded one at {}; it forgets everything when it stops",
            broker.bootstrap()
        );
        self.kafka = Some(plaintext_kafka(broker.bootstrap().to_owned()));
        self.dev_kafka = Some(broker);
        Ok(())
    }

    /// Where the sample stream goes: into a broker that dev services gave, as nobody else fills it.
    pub fn sample_broker(&self) -> Option<String> {
        let embedded = self.dev_kafka.as_ref().map(|broker| broker.bootstrap().to_owned());
        embedded.or_else(|| self.container_kafka.as_ref().map(ContainerKafka::bootstrap))
    }

    /// How to look at the result.
    pub fn hint(&self, table: &str) -> Option<String> {
        if let Some(server) = &self.container_postgres {
            return Some(format!(
                "look at the table while this runs:\n  {} -c 'SELECT * FROM {table} ORDER BY 1 DESC LIMIT 20'",
                server.psql_command()
            ));
        }
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

fn container_options(who: DevServices) -> ContainerOptions {
    ContainerOptions {
        may_build: who == DevServices::Container,
        progress: Some(Arc::new(|step| eprintln!("dev services: {step}"))),
    }
}

/// The container, or `None` where an embedded service shall serve.
async fn in_container<T>(
    who: DevServices,
    service: &'static str,
    start: impl Future<Output = Result<T, DevServiceError>>,
) -> Result<Option<T>, Failure> {
    if who == DevServices::Embedded {
        return Ok(None);
    }
    match start.await {
        Ok(given) => Ok(Some(given)),
        Err(error) if who == DevServices::Container => Err(ways_out(error, service)),
        // A machine without Docker is as good as any; everything else a person should know.
        Err(error) if error.is_no_container() => {
            tracing::debug!(%error, service, "No container; an embedded service is used.");
            Ok(None)
        }
        Err(error) => {
            tracing::warn!(%error, service, "The container cannot be used; an embedded service is tried.");
            Ok(None)
        }
    }
}

fn refuse_if_off(who: DevServices, service: &str, key: &str) -> Result<(), Failure> {
    if who != DevServices::Off {
        return Ok(());
    }
    Err(Failure::config(format!("{service} is not configured, and dev services are off"))
        .remedy(format!("set {service}.{key} in config/cluster.yaml, or --dev-services auto")))
}

/// Nobody can give the service: the three ways out.
fn ways_out(error: DevServiceError, service: &str) -> Failure {
    failure(error).remedy(format!(
        "configure {service} in config/cluster.yaml; or install and start Docker (`tools/dev up`); or make the embedded \
         one possible (--dev-services embedded says what it lacks)"
    ))
}

pub fn failure(error: DevServiceError) -> Failure {
    Failure::new(Exit::Unavailable, "a dev service could not be started").because(error)
}
