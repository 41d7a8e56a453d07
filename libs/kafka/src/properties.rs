//! From the Java client's property names, as Flink scripts write them, to librdkafka's.

use crate::KafkaError;
use crate::jaas;
use crate::known;
use crate::settings::{Extra, KafkaSettings, Protocol, Sasl, Secret, Security};
use std::collections::BTreeMap;

/// Java's name and librdkafka's, where only the name differs.
const RENAMED: [(&str, &str); 7] = [
    ("fetch.max.wait.ms", "fetch.wait.max.ms"),
    ("max.request.size", "message.max.bytes"),
    ("receive.buffer.bytes", "socket.receive.buffer.bytes"),
    ("send.buffer.bytes", "socket.send.buffer.bytes"),
    ("ssl.truststore.certificates", "ssl.ca.pem"),
    ("ssl.keystore.certificate.chain", "ssl.certificate.pem"),
    ("ssl.keystore.key", "ssl.key.pem"),
];

impl KafkaSettings {
    /// Takes the properties of a client as people know them from Java (and from Flink after `properties.`), or by
    /// librdkafka's own names.
    ///
    /// # Errors
    /// Names every property that is unknown (with the nearest known one), that cannot have an effect here, or whose
    /// value is refused.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, KafkaError> {
        let mut rest = properties.clone();
        let brokers = rest
            .remove("bootstrap.servers")
            .or_else(|| rest.remove("metadata.broker.list"))
            .filter(|brokers| !brokers.trim().is_empty())
            .ok_or_else(|| option("bootstrap.servers", "is required: host:port, separated by commas"))?;
        let security = security(&mut rest)?;
        let mut extra = Extra::default();
        for (name, value) in rest {
            let (name, value) = translate(&name, &value)?;
            extra.0.insert(name, value);
        }
        Ok(Self { brokers, security, extra })
    }
}

fn option(name: &str, problem: impl std::fmt::Display) -> KafkaError {
    KafkaError::Option(format!("property '{name}' {problem}"))
}

/// One property that is not about security.
fn translate(name: &str, value: &str) -> Result<(String, String), KafkaError> {
    if let Some((_, renamed)) = RENAMED.iter().find(|(java, _)| *java == name) {
        return Ok(((*renamed).into(), value.into()));
    }
    if let Some((_, remedy)) = known::JAVA_ONLY.iter().find(|(java, _)| *java == name) {
        return Err(option(name, format!("has a meaning for the Java client only; remove it: {remedy}")));
    }
    if has(known::OWNED, name) {
        return Err(option(name, "is set by the connector itself, as its guarantee needs it; remove it"));
    }
    if name == "isolation.level" && !["read_committed", "read_uncommitted"].contains(&value) {
        return Err(option(
            name,
            format!("is '{value}'; expected read_committed (the default) or read_uncommitted"),
        ));
    }
    if has(known::BOTH, name) || has(known::CONSUMER, name) || has(known::PRODUCER, name) {
        return Ok((name.into(), value.into()));
    }
    Err(option(name, format!("is unknown{}", did_you_mean(name))))
}

fn has(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

fn did_you_mean(name: &str) -> String {
    let known = [known::BOTH, known::CONSUMER, known::PRODUCER];
    let names = known.iter().flat_map(|names| names.split_ascii_whitespace());
    match nearest(name, names.chain(JAVA_SECURITY.iter().copied())).first() {
        Some(near) => format!("; did you mean '{near}'?"),
        None => "; librdkafka's CONFIGURATION.md lists what there is".into(),
    }
}

/// At most two candidates that look like `name`, best first.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    const LIKENESS_MIN: f64 = 0.8;
    let mut scored: Vec<(f64, &str)> = candidates
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score >= LIKENESS_MIN)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(2).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Whether a consumer is told this property; producers' own are not its business.
pub(crate) fn for_consumer(name: &str) -> bool {
    // Where to begin is resolved by the source; the client itself must never choose.
    name != "auto.offset.reset" && name != "group.id" && !has(known::PRODUCER, name)
}

/// Whether a producer is told this property.
pub(crate) fn for_producer(name: &str) -> bool {
    !has(known::CONSUMER, name)
}

/// Java's names of what `security` takes apart.
const JAVA_SECURITY: [&str; 9] = [
    "sasl.jaas.config",
    "ssl.truststore.location",
    "ssl.truststore.type",
    "ssl.truststore.password",
    "ssl.keystore.location",
    "ssl.keystore.type",
    "ssl.keystore.password",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
];

fn security(rest: &mut BTreeMap<String, String>) -> Result<Security, KafkaError> {
    let mut security = Security::default();
    if let Some(name) = rest.remove("security.protocol") {
        security.protocol = Protocol::parse(&name).ok_or_else(|| {
            option(
                "security.protocol",
                format!("is '{name}'; expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
            )
        })?;
    }
    security.sasl = sasl(rest)?;
    let needs_sasl = matches!(security.protocol, Protocol::SaslPlaintext | Protocol::SaslSsl);
    if needs_sasl && security.sasl.is_none() && rest.get("sasl.mechanism").is_none_or(|m| m != "OAUTHBEARER")
    {
        let protocol = security.protocol.as_str();
        return Err(option(
            "security.protocol",
            format!("is {protocol}, but there is no 'sasl.jaas.config'"),
        ));
    }
    if !needs_sasl && security.sasl.is_some() {
        let problem = "is given, but 'security.protocol' uses no SASL; set it to SASL_SSL or SASL_PLAINTEXT";
        return Err(option("sasl.jaas.config", problem));
    }
    truststore(rest, &mut security)?;
    keystore(rest, &mut security)?;
    // Java turns the host name check off with the empty text, librdkafka with `none`.
    if let Some(algorithm) = rest.get_mut("ssl.endpoint.identification.algorithm")
        && algorithm.is_empty()
    {
        "none".clone_into(algorithm);
    }
    Ok(security)
}

fn sasl(rest: &mut BTreeMap<String, String>) -> Result<Option<Sasl>, KafkaError> {
    let mechanism = rest.remove("sasl.mechanism").or_else(|| rest.remove("sasl.mechanisms"));
    let jaas = rest.remove("sasl.jaas.config").map(|text| jaas::parse(&text)).transpose()?;
    let own = rest.remove("sasl.username").zip(rest.remove("sasl.password"));
    match mechanism.as_deref() {
        Some("GSSAPI") => {
            let problem =
                "is GSSAPI (Kerberos), which this build leaves out; use SCRAM-SHA-512, PLAIN or OAUTHBEARER";
            return Err(option("sasl.mechanism", problem));
        }
        Some("OAUTHBEARER") => {
            rest.insert("sasl.mechanism".into(), "OAUTHBEARER".into());
            return Ok(None);
        }
        Some("PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512") | None => {}
        Some(other) => {
            let problem =
                format!("is '{other}'; expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER");
            return Err(option("sasl.mechanism", problem));
        }
    }
    let Some((username, password)) = jaas.or(own) else { return Ok(None) };
    let Some(mechanism) = mechanism else {
        return Err(option("sasl.mechanism", "is missing: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"));
    };
    Ok(Some(Sasl { mechanism, username, password: Secret::new(password) }))
}

fn truststore(rest: &mut BTreeMap<String, String>, security: &mut Security) -> Result<(), KafkaError> {
    let kind = rest.remove("ssl.truststore.type");
    if rest.remove("ssl.truststore.password").is_some() {
        return Err(option("ssl.truststore.password", "is given, but a PEM truststore has none; remove it"));
    }
    security.ca_location = rest.remove("ssl.ca.location");
    let Some(location) = rest.remove("ssl.truststore.location") else { return Ok(()) };
    match kind.as_deref() {
        Some("PEM") => security.ca_location = Some(location),
        other => {
            let kind = other.unwrap_or("JKS (Java's default)");
            let problem = format!(
                "is of type {kind}; only PEM is read: convert it (keytool -exportcert -rfc) and set \
                 ssl.truststore.type=PEM"
            );
            return Err(option("ssl.truststore.location", problem));
        }
    }
    Ok(())
}

fn keystore(rest: &mut BTreeMap<String, String>, security: &mut Security) -> Result<(), KafkaError> {
    let kind = rest.remove("ssl.keystore.type");
    security.key_password = rest.remove("ssl.key.password").map(Secret::new);
    security.certificate_location = rest.remove("ssl.certificate.location");
    security.key_location = rest.remove("ssl.key.location");
    let Some(location) = rest.get("ssl.keystore.location") else { return Ok(()) };
    match kind.as_deref() {
        Some("PEM") => {
            // One file holds the certificate chain and the key; each reader picks its own blocks.
            security.certificate_location = Some(location.clone());
            security.key_location = Some(location.clone());
            rest.remove("ssl.keystore.location");
        }
        // PKCS#12 is what librdkafka calls a keystore.
        Some("PKCS12") => {}
        other => {
            let kind = other.unwrap_or("JKS (Java's default)");
            let problem =
                format!("is of type {kind}; set ssl.keystore.type to PEM or PKCS12 and convert the file");
            return Err(option("ssl.keystore.location", problem));
        }
    }
    Ok(())
}
