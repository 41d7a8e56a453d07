//! What a table's options mean, and how wrong ones are refused.

use super::*;
use expect_test::{Expect, expect};

fn parse(changes: &[(&str, &str)]) -> Result<SourceOptions, KafkaError> {
    let mut options = BTreeMap::new();
    let base = [
        ("topic", "flights"),
        ("properties.bootstrap.servers", "localhost:9092"),
        ("scan.startup.mode", "earliest-offset"),
        ("format", "json"),
    ];
    for (name, value) in base.iter().chain(changes) {
        match *value {
            "-" => options.remove(*name),
            value => options.insert((*name).to_owned(), value.to_owned()),
        };
    }
    SourceOptions::parse(&options)
}

fn check_errors(cases: &[&[(&str, &str)]], expect: Expect) {
    let mut table = String::new();
    for case in cases {
        let line = match parse(case) {
            Ok(options) => format!("ok: {options:?}"),
            Err(error) => error.to_string(),
        };
        table.push_str(&format!("{line}\n"));
    }
    expect.assert_eq(&table);
}

#[test]
fn start_up_modes() {
    let group = ("properties.group.id", "g");
    let cases: [(&[(&str, &str)], Startup); 6] = [
        (&[], Startup::Earliest),
        (&[("scan.startup.mode", "latest-offset")], Startup::Latest),
        (&[("scan.startup.mode", "-"), group], Startup::Group { group: "g".into(), otherwise: None }),
        (
            &[("scan.startup.mode", "group-offsets"), group, ("properties.auto.offset.reset", "latest")],
            Startup::Group { group: "g".into(), otherwise: Some(Reset::Latest) },
        ),
        (
            &[("scan.startup.mode", "timestamp"), ("scan.startup.timestamp-millis", "1700000000000")],
            Startup::Timestamp(1_700_000_000_000),
        ),
        (
            &[
                ("scan.startup.mode", "specific-offsets"),
                ("scan.startup.specific-offsets", "partition:0,offset:42;partition:1,offset:300"),
            ],
            Startup::Specific { offsets: BTreeMap::from([(0, 42), (1, 300)]), group: None },
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(parse(options).unwrap().startup, expected);
    }
}

#[test]
fn defaults_and_durations() {
    let options = parse(&[]).unwrap();
    assert_eq!((options.bounded, options.discovery_interval), (false, Some(Duration::from_secs(300))));
    let name = "scan.topic-partition-discovery.interval";
    for (text, seconds) in [("10 s", 10), ("2min", 120), ("1 h", 3600), ("30000", 30), ("1 d", 86_400)] {
        assert_eq!(
            parse(&[(name, text)]).unwrap().discovery_interval,
            Some(Duration::from_secs(seconds)),
            "{text}"
        );
    }
    assert_eq!(parse(&[(name, "0")]).unwrap().discovery_interval, None);
    assert_eq!(parse(&[("scan.bounded.mode", "latest-offset")]).unwrap().discovery_interval, None);
    assert_eq!(parse(&[("topic", "a; b")]).unwrap().topics, ["a".into(), "b".into()]);
    assert_eq!(
        parse(&[("value.json.x", "y")]).unwrap().format,
        BTreeMap::from([("json.x".into(), "y".into())])
    );
}

#[test]
fn wrong_options_are_named() {
    check_errors(
        &[
            &[("topic", "-"), ("topic-pattern", "f.*")],
            &[("topic", "-")],
            &[("topic", "a;;a")],
            &[("topic", "a b")],
            &[("format", "avro")],
            &[("format", "-"), ("value.format", "raw")],
            &[("value.format", "json")],
            &[("format", "-")],
            &[("key.format", "json")],
            &[("value.fields-include", "EXCEPT_KEY")],
            &[("scan.startup.mode", "-")],
            &[("scan.startup.mode", "earliest")],
            &[("scan.startup.mode", "timestamp")],
            &[("scan.startup.timestamp-millis", "1")],
            &[("scan.startup.mode", "timestamp"), ("scan.startup.timestamp-millis", "now")],
            &[("scan.startup.mode", "specific-offsets"), ("scan.startup.specific-offsets", "0:42")],
            &[("scan.bounded.mode", "timestamp")],
            &[("scan.bounded.mode", "latest")],
            &[("scan.topic-partition-discovery.interval", "often")],
            &[("scan.parallelism", "2")],
        ],
        expect![[r#""#]],
    );
}

#[test]
fn wrong_properties_are_named() {
    check_errors(
        &[
            &[("properties.bootstrap.servers", "-")],
            &[("properties.fetch.min.byte", "1")],
            &[("properties.zzz", "1")],
            &[("properties.key.deserializer", "x")],
            &[("properties.max.poll.records", "500")],
            &[("properties.enable.auto.commit", "true")],
            &[("properties.isolation.level", "serializable")],
            &[("properties.auto.offset.reset", "first")],
            &[("properties.security.protocol", "TLS")],
            &[("properties.security.protocol", "SASL_SSL")],
            &[("properties.security.protocol", "SASL_SSL"), ("properties.sasl.mechanism", "GSSAPI")],
            &[
                ("properties.sasl.mechanism", "PLAIN"),
                ("properties.sasl.username", "a"),
                ("properties.sasl.password", "b"),
            ],
            &[("properties.ssl.truststore.location", "/ca.jks")],
            &[("properties.ssl.truststore.password", "x")],
            &[("properties.ssl.keystore.location", "/k.jks"), ("properties.ssl.keystore.type", "JKS")],
        ],
        expect![[r#""#]],
    );
}

#[test]
fn java_names_are_translated() {
    let options = parse(&[
        ("properties.security.protocol", "SASL_SSL"),
        ("properties.sasl.mechanism", "SCRAM-SHA-512"),
        ("properties.sasl.jaas.config", r#"a.b.ScramLoginModule required username="ada" password="pw";"#),
        ("properties.ssl.truststore.location", "/ca.pem"),
        ("properties.ssl.truststore.type", "PEM"),
        ("properties.ssl.keystore.location", "/me.pem"),
        ("properties.ssl.keystore.type", "PEM"),
        ("properties.ssl.key.password", "kp"),
        ("properties.ssl.endpoint.identification.algorithm", ""),
        ("properties.fetch.max.wait.ms", "100"),
        ("properties.linger.ms", "7"),
        ("properties.group.id", "g"),
    ])
    .unwrap();
    let config = options.settings.client_config(crate::properties::for_consumer);
    let shown = [
        "security.protocol",
        "sasl.mechanism",
        "sasl.username",
        "sasl.password",
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.key.location",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
        "fetch.wait.max.ms",
        "linger.ms",
        "group.id",
    ]
    .map(|name| format!("{name}={}\n", config.get(name).unwrap_or("-")));
    expect![[r#""#]].assert_eq(&shown.concat());
}
