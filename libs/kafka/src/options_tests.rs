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
        expect![[r#"
            option 'topic-pattern' is not supported yet; list the topics in 'topic', separated by ';'
            option 'topic' is required
            option 'topic' names 'a' twice
            option 'topic' names 'a b'; letters, digits, '.', '_' and '-' make a topic's name, at most 249
            option 'format' is 'avro', which the kafka connector of the embedded engine does not read yet; json is
            option 'value.format' is 'raw', which the kafka connector of the embedded engine does not read yet; json is
            option 'value.format' means the same as 'format'; give one of them
            option 'format' is required: 'json'
            option 'key.format' is not supported yet: every column comes from the record's value; remove it
            option 'value.fields-include' is 'EXCEPT_KEY'; only ALL is supported
            option 'scan.startup.mode' is 'group-offsets' (the default), which needs 'properties.group.id'; set it, or say 'earliest-offset' or 'latest-offset'
            option 'scan.startup.mode' is 'earliest'; expected earliest-offset, latest-offset, group-offsets, timestamp or specific-offsets
            option 'scan.startup.timestamp-millis' is required by 'scan.startup.mode' = 'timestamp'
            option 'scan.startup.timestamp-millis' belongs to 'scan.startup.mode' = 'timestamp', which is 'earliest-offset'
            option 'scan.startup.timestamp-millis' is 'now'; expected ms since 1970-01-01
            option 'scan.startup.specific-offsets' holds '0:42'; expected partition:0,offset:42;partition:1,offset:300
            option 'scan.bounded.mode' 'timestamp' is not supported yet; unbounded and latest-offset are
            option 'scan.bounded.mode' is 'latest'; expected unbounded or latest-offset
            option 'scan.topic-partition-discovery.interval' is 'often'; expected a duration such as '5 min', '30 s' or '0'
            option 'scan.parallelism' is not supported; the program's --parallelism says how many tasks read
        "#]],
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
        expect![[r#"
            property 'bootstrap.servers' is required: host:port, separated by commas
            property 'fetch.min.byte' is unknown; did you mean 'fetch.min.bytes'?
            property 'zzz' is unknown; librdkafka's CONFIGURATION.md lists what there is
            property 'key.deserializer' has a meaning for the Java client only; remove it: the table's columns and 'format' say how records decode
            property 'max.poll.records' has a meaning for the Java client only; remove it: the engine sets the rows of a batch
            property 'enable.auto.commit' is set by the connector itself, as its guarantee needs it; remove it
            property 'isolation.level' is 'serializable'; expected read_committed (the default) or read_uncommitted
            option 'properties.auto.offset.reset' is 'first'; expected earliest, latest or none
            property 'security.protocol' is 'TLS'; expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
            property 'security.protocol' is SASL_SSL, but there is no 'sasl.jaas.config'
            property 'sasl.mechanism' is GSSAPI (Kerberos), which this build leaves out; use SCRAM-SHA-512, PLAIN or OAUTHBEARER
            property 'sasl.jaas.config' is given, but 'security.protocol' uses no SASL; set it to SASL_SSL or SASL_PLAINTEXT
            property 'ssl.truststore.location' is of type JKS (Java's default); only PEM is read: convert it (keytool -exportcert -rfc) and set ssl.truststore.type=PEM
            property 'ssl.truststore.password' is given, but a PEM truststore has none; remove it
            property 'ssl.keystore.location' is of type JKS; set ssl.keystore.type to PEM or PKCS12 and convert the file
        "#]],
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
    expect![[r#"
        security.protocol=SASL_SSL
        sasl.mechanism=SCRAM-SHA-512
        sasl.username=ada
        sasl.password=pw
        ssl.ca.location=/ca.pem
        ssl.certificate.location=/me.pem
        ssl.key.location=/me.pem
        ssl.key.password=kp
        ssl.endpoint.identification.algorithm=none
        fetch.wait.max.ms=100
        linger.ms=-
        group.id=-
    "#]]
    .assert_eq(&shown.concat());
}
