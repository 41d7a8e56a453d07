//! How to reach a cluster: brokers, security, and whatever else librdkafka is told.

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use std::collections::BTreeMap;
use std::fmt;

/// How to reach a cluster. Its `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaSettings {
    /// `host:port`, separated by commas.
    pub brokers: String,
    pub security: Security,
    /// Further properties by librdkafka's names.
    pub extra: Extra,
}

/// Encryption and credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    pub protocol: Protocol,
    pub sasl: Option<Sasl>,
    /// A PEM file of the authorities that sign the brokers' certificates; absent: the system's.
    pub ca_location: Option<String>,
    /// PEM files of this client's own certificate and key.
    pub certificate_location: Option<String>,
    pub key_location: Option<String>,
    pub key_password: Option<Secret>,
}

/// `security.protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl Protocol {
    /// Takes the name in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl]
            .into_iter()
            .find(|protocol| protocol.as_str().eq_ignore_ascii_case(name))
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }
}

/// A user and how it proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sasl {
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`.
    pub mechanism: String,
    pub username: String,
    pub password: Secret,
}

/// A text that never shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the client library only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Properties by librdkafka's names; those that sound like a secret do not show in `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra(pub BTreeMap<String, String>);

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            self.0.iter().map(|(name, value)| (name, if is_secret(name) { "***" } else { value.as_str() }));
        f.debug_map().entries(shown).finish()
    }
}

/// Whether the value of this property must not be shown.
pub(crate) fn is_secret(name: &str) -> bool {
    const MARKS: [&str; 8] = [
        "password",
        "secret",
        "jaas",
        "passphrase",
        ".pem",
        "oauthbearer.config",
        "ssl.keystore.key",
        "token",
    ];
    MARKS.iter().any(|mark| name.contains(mark))
}

impl KafkaSettings {
    /// Plain text, no credentials.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), security: Security::default(), extra: Extra::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.extra.0.get(name).map(String::as_str)
    }

    /// A configuration with all that consumers and producers share; `keep` chooses among the further properties.
    pub(crate) fn client_config(&self, keep: impl Fn(&str) -> bool) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("client.id", "ibb");
        // Telemetry the brokers did not ask this project for stays off.
        config.set("enable.metrics.push", "false");
        config.set("log.connection.close", "false");
        for (name, value) in self.extra.0.iter().filter(|(name, _)| keep(name)) {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.brokers);
        let security = &self.security;
        config.set("security.protocol", security.protocol.as_str());
        if let Some(sasl) = &security.sasl {
            config.set("sasl.mechanism", &sasl.mechanism);
            config.set("sasl.username", &sasl.username);
            config.set("sasl.password", sasl.password.reveal());
        }
        let files = [
            ("ssl.ca.location", security.ca_location.as_deref()),
            ("ssl.certificate.location", security.certificate_location.as_deref()),
            ("ssl.key.location", security.key_location.as_deref()),
            ("ssl.key.password", security.key_password.as_ref().map(Secret::reveal)),
        ];
        for (name, value) in files {
            if let Some(value) = value {
                config.set(name, value);
            }
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_shows() {
        let mut settings = KafkaSettings::new("localhost:9092");
        settings.security.sasl = Some(Sasl {
            mechanism: "PLAIN".into(),
            username: "ada".into(),
            password: Secret::new("hunter2"),
        });
        settings.security.key_password = Some(Secret::new("hunter2"));
        for name in ["ssl.keystore.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"] {
            settings.extra.0.insert(name.into(), "hunter2".into());
        }
        settings.extra.0.insert("client.id".into(), "me".into());
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("\"client.id\": \"me\""), "{shown}");
    }
}
