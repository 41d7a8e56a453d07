//! What sections accept, refuse, and never print.

use std::{collections::BTreeMap, io, path::Path};

use super::*;
use crate::{Environment, Exit, Places};

/// Reads one file with `text`, one layer of variables and one of `--set`.
fn read(
    text: &str,
    variables: &[(&str, &str)],
    set: &[&str],
    environment: Environment,
) -> (Cluster, Vec<String>) {
    let file = Path::new("/etc/ibb/cluster.yaml");
    let mut layers = Layers::default();
    let mut problems: Vec<Problem> = layers.add_file(file, text).err().into_iter().collect();
    layers.add_variables(&variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
    problems.extend(layers.add_set(&set.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()));
    let places = Places::new(&BTreeMap::new(), Path::new("/home/ada"));
    let read_file = |path: &Path| match path.to_str() {
        Some("/run/secrets/empty") => Ok("\n".to_owned()),
        Some(path)
            if path.starts_with("/run/secrets/") || path.ends_with(".pem") || path.ends_with(".key") =>
        {
            Ok(format!("content of {path}\r\n"))
        }
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let mut reader = Reader::new(&layers, &places, &read_file);
    let cluster = Cluster::read(&mut reader, environment, file.to_owned());
    let flags =
        ["state_dir", "checkpoint_interval", "connect_timeout", "dead_letters", "log_format", "admin_addr"];
    let flags = flags.iter().chain(&["parallelism"]).map(|flag| (*flag).to_owned()).collect();
    problems.extend(reader.finish(&flags));
    (cluster, problems.iter().map(Problem::to_string).collect())
}

/// The file alone, in development.
fn file(text: &str) -> (Cluster, Vec<String>) {
    read(text, &[], &[], Environment::Development)
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (_, problems) = file(text);
    let expected: Vec<String> =
        expected.iter().map(|line| format!("/etc/ibb/cluster.yaml: {line}")).collect();
    assert_eq!(problems, expected, "{text}");
}

/// Drops the comment sign of every documented key.
fn uncommented(text: &str) -> String {
    let key = |line: &str| {
        let name = line.trim_start().split_once(':').map(|(name, _)| name);
        name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    let lines = text.lines().map(|line| line.strip_prefix("# ").filter(|rest| key(rest)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

const CLUSTER: &str = include_str!("../../testdata/cluster.yaml");
const PRODUCTION: &str = include_str!("../../testdata/production.yaml");

#[test]
fn the_shipped_files_configure_nothing() {
    for text in [CLUSTER, PRODUCTION] {
        let (cluster, problems) = file(text);
        assert_eq!(problems, [""; 0]);
        assert!(cluster.kafka.is_none() && cluster.postgresql.is_none() && cluster.schema_registry.is_none());
    }
}

#[test]
fn every_documented_key_is_valid() {
    let (cluster, problems) = file(&uncommented(CLUSTER));
    assert_eq!(problems, [""; 0]);
    let systems = [
        System::Kafka,
        System::Postgresql,
        System::Redis,
        System::Cassandra,
        System::Trino,
        System::Flink,
        System::Spark,
        System::SchemaRegistry,
    ];
    assert!(systems.iter().all(|system| cluster.has(*system)));
    let kafka = cluster.kafka.unwrap();
    assert_eq!(kafka.brokers, ["broker-1:9092", "broker-2:9092"]);
    assert_eq!(kafka.security.mechanism, Some(SaslMechanism::ScramSha512));
    // The trailing line end of the file is no part of the password.
    assert_eq!(kafka.security.password.unwrap().expose(), "content of /run/secrets/kafka");

    let (cluster, problems) = file(&uncommented(PRODUCTION));
    assert_eq!(problems, [""; 0]);
    assert_eq!(cluster.postgresql.unwrap().tls, PostgresTls::VerifyFull);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_valid_one() {
    check(
        "kafak: {brokers: [a:1]}",
        &["kafak.brokers: is unknown; the nearest valid one is `kafka.brokers`"],
    );
    check("state-dir: x", &["state-dir: is unknown; the nearest valid one is `state_dir`"]);
    check("postgres:", &["postgres: is unknown; the nearest valid one is `postgresql`"]);
    let (_, problems) =
        read("", &[("IBB__KAFKA__BROKER", "a:1")], &["redis.node=a:1"], Environment::Development);
    let variable = "kafka.broker: is unknown; the nearest valid one is `IBB__KAFKA__BROKERS`";
    assert!(
        problems.contains(&format!("environment variable IBB__KAFKA__BROKER: {variable}")),
        "{problems:?}"
    );
    let set = "--set: redis.node: is unknown; the nearest valid one is `redis.nodes`";
    assert!(problems.contains(&set.to_owned()), "{problems:?}");
}

#[test]
fn a_value_where_a_section_belongs_names_its_keys() {
    check(
        "spark: sc://a:1",
        &["spark: is a section, not a value; its keys are spark.ca_file, spark.remote, \
        spark.token, spark.token_file, spark.user"],
    );
}

#[test]
fn bad_values_are_all_reported_at_once() {
    let text = "
kafka: {brokers: [a, 'b:0'], security: {protocol: sasl-ssl}}
postgresql: {port: high, database: d, tls: [a, b]}
redis: {nodes: 'r:1, s:2', tls: maybe}
trino: {url: 'https://ada:pw@t:1'}
flink: {sql_gateway: 'flink:8083'}
";
    check(
        text,
        &[
            "kafka.brokers: `a` is not host:port",
            "kafka.brokers: `b:0` is not host:port",
            "kafka.security.protocol: `sasl-ssl` is none of plaintext, ssl, sasl_plaintext, sasl_ssl; \
             the nearest is `sasl_ssl`",
            "postgresql.host: is required; set it in the file or as IBB__POSTGRESQL__HOST",
            "postgresql.port: `high` is not a port",
            "postgresql.user: is required; set it in the file or as IBB__POSTGRESQL__USER",
            "postgresql.tls: needs one value, not a list",
            "redis.tls: `maybe` is not true or false",
            "trino.url: holds credentials; give them as keys of their own, which are never printed",
            "flink.sql_gateway: needs a URL with http://, https://",
        ],
    );
}

#[test]
fn security_that_does_not_fit_together_is_refused() {
    let kafka = |security: &str| format!("kafka: {{brokers: [a:1], security: {{{security}}}}}");
    check(
        &kafka("protocol: sasl_ssl"),
        &[
            "kafka.security.mechanism: is required with protocol sasl_ssl",
            "kafka.security.username: is required with protocol sasl_ssl",
            "kafka.security.password: is required with protocol sasl_ssl",
        ],
    );
    check(
        &kafka("username: ada"),
        &["kafka.security.username: is never used with protocol plaintext; set protocol to sasl_ssl"],
    );
    check(
        &kafka("protocol: ssl, certificate_file: a.pem"),
        &["kafka.security.key_file: is required with `certificate_file`"],
    );
    check(
        &kafka("protocol: ssl, ca_file: missing.crt"),
        &["kafka.security.ca_file: cannot read /etc/ibb/missing.crt: entity not found"],
    );
}

#[test]
fn a_secret_comes_from_one_place_and_the_later_layer_wins() {
    let section = "postgresql: {host: h, database: d, user: u, ";
    check(
        &format!("{section}password: a, password_file: /run/secrets/b}}"),
        &["postgresql.password: excludes `password_file`; keep one of them"],
    );
    check(&format!("{section}password: 0123}}"), &[]);
    check(&format!("{section}password: 123}}"), &["postgresql.password: needs text: put it in quotes"]);
    check(
        &format!("{section}password_file: /run/secrets/empty}}"),
        &["postgresql.password_file: the file is empty"],
    );

    let password = |text: &str, variables: &[(&str, &str)], set: &[&str]| {
        let (cluster, problems) = read(text, variables, set, Environment::Development);
        assert_eq!(problems, [""; 0]);
        cluster.postgresql.unwrap().password.unwrap().expose().to_owned()
    };
    let from_file = format!("{section}password_file: /run/secrets/b}}");
    assert_eq!(password(&from_file, &[("IBB__POSTGRESQL__PASSWORD", "v")], &[]), "v");
    let plain = format!("{section}password: p}}");
    let set = ["postgresql.password_file=/run/secrets/c"];
    assert_eq!(password(&plain, &[], &set), "content of /run/secrets/c");
}

#[test]
fn secrets_are_never_printed() {
    let text = "postgresql: {host: h, database: d, user: u, password: hunter2}";
    let (cluster, _) = file(text);
    let json = serde_json::to_string(&cluster).unwrap();
    assert!(!json.contains("hunter2") && json.contains("***"), "{json}");
    assert!(!format!("{cluster:?}").contains("hunter2"));

    // Nor when the configuration around them is wrong.
    for text in [
        "postgresql: {host: h, database: d, user: u, password: [hunter2]}",
        "trino: {url: 'https://ada:hunter2@t'}",
        "spark: {remote: 'sc://s:1/;token=hunter2'}",
        "postgresql: {password: hunter2",
    ] {
        let (cluster, problems) = file(text);
        assert!(!problems.is_empty(), "{text}");
        assert!(
            !problems.join("\n").contains("hunter2") && !format!("{cluster:?}").contains("hunter2"),
            "{text}"
        );
    }
    let (_, problems) = read("", &[], &["hunter2"], Environment::Development);
    assert_eq!(problems, ["--set: needs PATH=VALUE, such as kafka.brokers=host:9092"]);
}

#[test]
fn a_file_that_is_no_mapping_is_refused() {
    let (_, problems) = file("- a");
    assert_eq!(problems, ["/etc/ibb/cluster.yaml: must hold keys and values, such as `kafka:`"]);
    let (_, problems) = file("kafka: {brokers: [a:1]}\nkafka: {}");
    assert!(problems[0].starts_with("/etc/ibb/cluster.yaml: not YAML: duplicate entry"), "{problems:?}");
}

#[test]
fn a_missing_section_means_dev_services_in_development_only() {
    let (cluster, _) = read("", &[], &[], Environment::Development);
    assert!(cluster.require_kafka().unwrap().is_none());

    let (cluster, _) = read("kafka: {brokers: [a:1]}", &[], &[], Environment::Production);
    assert_eq!(cluster.require_kafka().unwrap().unwrap().brokers, ["a:1"]);
    let failure = cluster.require(&[System::Kafka, System::Postgresql, System::Redis]).unwrap_err();
    assert_eq!(failure.exit(), Exit::Config);
    assert_eq!(failure.to_string(), "postgresql, redis not configured in the environment production");
    assert_eq!(failure.details()[0], "/etc/ibb/cluster.yaml: postgresql.host: is required");
    assert_eq!(failure.remedies().len(), 3);
    assert!(cluster.require_schema_registry().is_err());
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let text = "kafka: {brokers: [a:1]}";
    let (cluster, problems) = read(text, &[("IBB__KAFKA__BROKERS", "")], &[], Environment::Development);
    assert_eq!((problems.len(), cluster.kafka.unwrap().brokers), (0, vec!["a:1".to_owned()]));
    let (_, problems) = read("", &[("IBB__KAFAK", "")], &[], Environment::Development);
    assert_eq!(problems.len(), 1, "yet its name is checked");
}
