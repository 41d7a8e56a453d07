//! The sections of the configuration, one per system.

use std::{fmt, path::PathBuf};

use serde::Serialize;

use super::reader::Reader;
use crate::Secret;

/// Defines an enum whose variants are written as the given texts.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text it is written as.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

choices! {
    /// How brokers are spoken to.
    KafkaProtocol {
        /// Neither encrypted nor authenticated. The default.
        Plaintext = "plaintext",
        /// TLS; authenticated by a client certificate, if there is one.
        Ssl = "ssl",
        /// User and password, not encrypted.
        SaslPlaintext = "sasl_plaintext",
        /// User and password over TLS.
        SaslSsl = "sasl_ssl",
    }
}

choices! {
    /// How user and password are proven.
    SaslMechanism {
        /// Sent as they are.
        Plain = "PLAIN",
        /// Salted challenge and response with SHA-256.
        ScramSha256 = "SCRAM-SHA-256",
        /// Salted challenge and response with SHA-512.
        ScramSha512 = "SCRAM-SHA-512",
    }
}

choices! {
    /// How a connection to PostgreSQL is encrypted, as libpq's `sslmode`.
    PostgresTls {
        /// Never.
        Disable = "disable",
        /// If the server can; the default.
        Prefer = "prefer",
        /// Always, without a look at the certificate.
        Require = "require",
        /// Always, with a certificate of the known authority.
        VerifyCa = "verify-ca",
        /// Always, with a certificate for this very host.
        VerifyFull = "verify-full",
    }
}

/// `kafka`.
#[derive(Clone, Debug, Serialize)]
pub struct Kafka {
    /// `host:port` of some brokers. Required.
    pub brokers: Vec<String>,
    /// TLS and credentials.
    pub security: KafkaSecurity,
}

/// `kafka.security`. Its parts fit together: this is checked when it is read.
#[derive(Clone, Debug, Serialize)]
pub struct KafkaSecurity {
    /// Default `plaintext`.
    pub protocol: KafkaProtocol,
    /// PEM; default: the system's authorities.
    pub ca_file: Option<PathBuf>,
    /// PEM, the client's; comes with `key_file`.
    pub certificate_file: Option<PathBuf>,
    /// PEM.
    pub key_file: Option<PathBuf>,
    /// For an encrypted key.
    pub key_password: Option<Secret>,
    /// Required with `sasl_…`.
    pub mechanism: Option<SaslMechanism>,
    /// Required with `sasl_…`.
    pub username: Option<String>,
    /// Required with `sasl_…`.
    pub password: Option<Secret>,
}

impl Kafka {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let brokers = reader.addresses("brokers");
        // The section's own presence does not matter: without a key in it, everything has its default.
        let mut security = None;
        reader.section("security", |reader| security = Some(KafkaSecurity::read(reader)));
        Self { brokers, security: security.expect("sections are always read") }
    }
}

impl KafkaSecurity {
    fn read(reader: &mut Reader<'_>) -> Self {
        let security = Self {
            protocol: reader.choice("protocol", KafkaProtocol::ALL).unwrap_or(KafkaProtocol::Plaintext),
            ca_file: reader.file("ca_file"),
            certificate_file: reader.file("certificate_file"),
            key_file: reader.file("key_file"),
            key_password: reader.secret("key_password"),
            mechanism: reader.choice("mechanism", SaslMechanism::ALL),
            username: reader.text("username"),
            password: reader.secret("password"),
        };
        let protocol = security.protocol;
        let sasl = matches!(protocol, KafkaProtocol::SaslPlaintext | KafkaProtocol::SaslSsl);
        let tls = matches!(protocol, KafkaProtocol::Ssl | KafkaProtocol::SaslSsl);
        if sasl {
            reader.needs("mechanism", &["mechanism"], &format!("with protocol {protocol}"));
            reader.needs("username", &["username"], &format!("with protocol {protocol}"));
            reader.needs("password", &["password", "password_file"], &format!("with protocol {protocol}"));
        } else {
            reader.useless(&["mechanism", "username", "password", "password_file"], protocol, "sasl_ssl");
        }
        if !tls {
            let keys = ["ca_file", "certificate_file", "key_file", "key_password", "key_password_file"];
            reader.useless(&keys, protocol, "ssl or sasl_ssl");
        }
        reader.pair("certificate_file", "key_file");
        security
    }
}

/// `postgresql`.
#[derive(Clone, Debug, Serialize)]
pub struct Postgresql {
    /// Host name or address. Required.
    pub host: String,
    /// Default 5432.
    pub port: u16,
    /// Required.
    pub database: String,
    /// Required.
    pub user: String,
    /// None where the server asks for none.
    pub password: Option<Secret>,
    /// Default `prefer`.
    pub tls: PostgresTls,
    /// PEM; required by `verify-ca` and `verify-full` for a private authority.
    pub ca_file: Option<PathBuf>,
    /// PEM, the client's; comes with `key_file`.
    pub certificate_file: Option<PathBuf>,
    /// PEM.
    pub key_file: Option<PathBuf>,
}

impl Postgresql {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let section = Self {
            host: reader.required("host"),
            port: reader.parsed("port", "a port").unwrap_or(5432),
            database: reader.required("database"),
            user: reader.required("user"),
            password: reader.secret("password"),
            tls: reader.choice("tls", PostgresTls::ALL).unwrap_or(PostgresTls::Prefer),
            ca_file: reader.file("ca_file"),
            certificate_file: reader.file("certificate_file"),
            key_file: reader.file("key_file"),
        };
        reader.pair("certificate_file", "key_file");
        section
    }
}

/// `redis`.
#[derive(Clone, Debug, Serialize)]
pub struct Redis {
    /// `host:port`; several mean a Redis Cluster. Required.
    pub nodes: Vec<String>,
    /// Default 0.
    pub database: u32,
    /// None means the default user.
    pub username: Option<String>,
    /// None where the server asks for none.
    pub password: Option<Secret>,
    /// Default false.
    pub tls: bool,
    /// PEM; default: the system's authorities.
    pub ca_file: Option<PathBuf>,
}

impl Redis {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            nodes: reader.addresses("nodes"),
            database: reader.parsed("database", "a database number").unwrap_or(0),
            username: reader.text("username"),
            password: reader.secret("password"),
            tls: reader.parsed("tls", "true or false").unwrap_or(false),
            ca_file: reader.file("ca_file"),
        }
    }
}

/// `cassandra`.
#[derive(Clone, Debug, Serialize)]
pub struct Cassandra {
    /// `host:port` of some nodes. Required.
    pub nodes: Vec<String>,
    /// The data centre whose nodes are preferred.
    pub datacenter: Option<String>,
    /// None where the cluster asks for none.
    pub username: Option<String>,
    /// None where the cluster asks for none.
    pub password: Option<Secret>,
    /// Default false.
    pub tls: bool,
    /// PEM; default: the system's authorities.
    pub ca_file: Option<PathBuf>,
}

impl Cassandra {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            nodes: reader.addresses("nodes"),
            datacenter: reader.text("datacenter"),
            username: reader.text("username"),
            password: reader.secret("password"),
            tls: reader.parsed("tls", "true or false").unwrap_or(false),
            ca_file: reader.file("ca_file"),
        }
    }
}

/// `flink`: a cluster with a SQL Gateway.
#[derive(Clone, Debug, Serialize)]
pub struct Flink {
    /// The SQL Gateway's REST address; an `https` one is TLS. Required.
    pub sql_gateway: String,
    /// The JobManager's REST address. Default: what the gateway itself uses.
    pub rest: Option<String>,
    /// For both. None where they ask for none.
    pub username: Option<String>,
    /// None where they ask for none.
    pub password: Option<Secret>,
    /// PEM; default: the system's authorities.
    pub ca_file: Option<PathBuf>,
}

impl Flink {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const SCHEMES: &[&str] = &["http", "https"];
        Self {
            sql_gateway: reader.url("sql_gateway", SCHEMES),
            rest: reader.optional_url("rest", SCHEMES),
            username: reader.text("username"),
            password: reader.secret("password"),
            ca_file: reader.file("ca_file"),
        }
    }
}

/// Defines a section that is one URL with credentials.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident { $url:ident: $schemes:expr, $user:ident, $secret:ident })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        pub struct $name {
            /// Where it answers; an `https` one is TLS. Holds no credentials. Required.
            pub $url: String,
            /// None where it asks for none.
            pub $user: Option<String>,
            /// None where it asks for none.
            pub $secret: Option<Secret>,
            /// PEM; default: the system's authorities.
            pub ca_file: Option<PathBuf>,
        }

        impl $name {
            pub(super) fn read(reader: &mut Reader<'_>) -> Self {
                Self {
                    $url: reader.url(stringify!($url), $schemes),
                    $user: reader.text(stringify!($user)),
                    $secret: reader.secret(stringify!($secret)),
                    ca_file: reader.file("ca_file"),
                }
            }
        }
    )+};
}

endpoints! {
    /// `trino`: the coordinator.
    Trino { url: &["http", "https"], user, password }
    /// `spark`: a Spark Connect server, such as `sc://host:15002/;use_ssl=true`.
    Spark { remote: &["sc"], user, token }
    /// `schema_registry`: Confluent's interface.
    SchemaRegistry { url: &["http", "https"], username, password }
}
