//! `jdbc:postgresql://host:port/database?parameter=value`, as the Java driver understands it.

use crate::PostgresError;
use sqlx::postgres::PgSslMode;
use std::fmt;
use std::time::Duration;

/// Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where the database is and how to talk to it.
#[derive(Clone, Debug)]
pub(crate) struct JdbcUrl {
    pub host: String,
    pub port: u16,
    /// `None`: named like the user.
    pub database: Option<String>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub ssl_mode: PgSslMode,
    pub ssl_root_cert: Option<String>,
    /// The schemas of `currentSchema`; empty: the server's search path.
    pub schemas: Vec<String>,
    /// How long one attempt may take.
    pub connect_timeout: Duration,
}

const PREFIX: &str = "jdbc:postgresql:";
const PARAMETERS: &str = "user, password, sslmode, sslrootcert, currentSchema, connectTimeout";

impl JdbcUrl {
    /// No message repeats the URL: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, PostgresError> {
        let fail = |what: &str| {
            let form = "jdbc:postgresql://host:port/database";
            Err(PostgresError::Config(format!("option 'url' {what}; it has the form {form}")))
        };
        let Some(rest) = text.trim().strip_prefix(PREFIX) else {
            return fail("is not the URL of a PostgreSQL database");
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = match place.strip_prefix("//") {
            Some(place) => place.split_once('/').unwrap_or((place, "")),
            None => ("", place),
        };
        if authority.contains('@') {
            return fail("names a user before '@': use the options 'username' and 'password'");
        }
        if authority.contains(',') {
            return fail("names several hosts, which is not supported: name the primary");
        }
        let Some((host, port)) = host_and_port(authority) else {
            return fail("has no valid port");
        };
        let database = decode(database);
        let mut url = Self {
            host,
            port,
            database: (!database.is_empty()).then_some(database),
            user: None,
            password: None,
            ssl_mode: PgSslMode::Prefer,
            ssl_root_cert: None,
            schemas: Vec::new(),
            connect_timeout: Duration::from_secs(10),
        };
        for parameter in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            url.set(&decode(name), decode(value))?;
        }
        Ok(url)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), PostgresError> {
        match name {
            "user" => self.user = Some(value),
            "password" => self.password = Some(Secret(value)),
            "sslmode" => {
                let modes = "disable, allow, prefer, require, verify-ca, verify-full";
                self.ssl_mode = value.parse().map_err(|_| {
                    PostgresError::Config(format!("sslmode '{value}' of option 'url' is none of {modes}"))
                })?;
            }
            "sslrootcert" => self.ssl_root_cert = Some(value),
            "currentSchema" => self.schemas = value.split(',').map(|s| s.trim().to_owned()).collect(),
            "connectTimeout" => {
                let seconds: u64 = value.parse().map_err(|_| {
                    PostgresError::Config(format!(
                        "connectTimeout '{value}' of option 'url' is no number of seconds"
                    ))
                })?;
                self.connect_timeout = Duration::from_secs(if seconds == 0 { 3600 } else { seconds });
            }
            other => {
                return Err(PostgresError::Config(format!(
                    "parameter '{other}' of option 'url' is not supported; known are {PARAMETERS}"
                )));
            }
        }
        Ok(())
    }

    /// `host:port`, for messages.
    pub fn server(&self) -> String {
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }
}

fn host_and_port(authority: &str) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').unwrap_or(port))
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let host = if host.is_empty() { "localhost".to_owned() } else { decode(host) };
    let port = if port.is_empty() { 5432 } else { port.parse().ok()? };
    Some((host, port))
}

/// Percent-decoding, with `+` for a space, like the Java driver.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let hex = || u8::from_str_radix(std::str::from_utf8(tail.get(..2)?).ok()?, 16).ok();
        match (first, hex()) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_url() {
        let url = JdbcUrl::parse(
            "jdbc:postgresql://db.example:6432/flight%20data?user=ada&password=s%2Bcret&sslmode=verify-full\
             &sslrootcert=/ca.pem&currentSchema=ops,public&connectTimeout=3",
        )
        .unwrap();
        assert_eq!((url.host.as_str(), url.port), ("db.example", 6432));
        assert_eq!(url.database.as_deref(), Some("flight data"));
        assert_eq!(url.user.as_deref(), Some("ada"));
        assert_eq!(url.password, Some(Secret("s+cret".into())));
        assert!(matches!(url.ssl_mode, PgSslMode::VerifyFull));
        assert_eq!(url.schemas, ["ops", "public"]);
        assert_eq!(url.connect_timeout, Duration::from_secs(3));
        assert!(!format!("{url:?}").contains("cret"));
    }

    #[test]
    fn defaults_and_ipv6() {
        for (text, server, database) in [
            ("jdbc:postgresql:flights", "localhost:5432", Some("flights")),
            ("jdbc:postgresql://h/", "h:5432", None),
            ("jdbc:postgresql://[::1]:7/d", "[::1]:7", Some("d")),
        ] {
            let url = JdbcUrl::parse(text).unwrap();
            assert_eq!((url.server().as_str(), url.database.as_deref()), (server, database), "{text}");
        }
    }

    #[test]
    fn refusals_name_the_part_and_never_the_password() {
        for (text, part) in [
            ("postgres://u:hunter2@h/d", "not the URL of a PostgreSQL database"),
            ("jdbc:postgresql://u:hunter2@h/d", "before '@'"),
            ("jdbc:postgresql://a,b/d?password=hunter2", "several hosts"),
            ("jdbc:postgresql://a:x/d?password=hunter2", "port"),
            ("jdbc:postgresql://a/d?password=hunter2&loggerLevel=x", "'loggerLevel'"),
            ("jdbc:postgresql://a/d?sslmode=maybe", "'maybe'"),
            ("jdbc:postgresql://a/d?connectTimeout=x", "'x'"),
        ] {
            let message = JdbcUrl::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
