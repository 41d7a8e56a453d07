//! The `WITH` options of a jdbc table, named as in Flink.

use crate::PostgresError;
use crate::url::{JdbcUrl, Secret};
use std::time::Duration;
use stream::{ConnectorContext, OptionSpec, TableSpec};

const fn option(name: &'static str, required: bool, help: &'static str) -> OptionSpec {
    OptionSpec { name, required, help }
}

pub(crate) const OPTIONS: &[OptionSpec] = &[
    option(
        "url",
        true,
        "jdbc:postgresql://host:port/database, with user, password, sslmode, sslrootcert, currentSchema and \
         connectTimeout (s) as parameters",
    ),
    option("table-name", true, "the table: name or schema.name"),
    option("username", false, "the role to connect as; wins over the URL's user"),
    option("password", false, "its password; wins over the URL's; default: PGPASSWORD"),
    option("driver", false, "org.postgresql.Driver, which is the only one"),
    option(
        "connection.max-retry-timeout",
        false,
        "how long a lost connection is retried before giving up (60 s)",
    ),
    option(
        "sink.max-retries",
        false,
        "how often an epoch is run again after a deadlock or a lost connection (3)",
    ),
    option(
        "sink.buffer-flush.max-rows",
        false,
        "not used: rows are written once per epoch, in one transaction",
    ),
    option("sink.buffer-flush.interval", false, "not used: the checkpoint interval decides when rows appear"),
    option("sink.parallelism", false, "not used: one connection writes an epoch"),
];

/// Validated options.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub url: JdbcUrl,
    /// `schema.name` or `name`, as written.
    pub table_name: String,
    pub max_retries: u32,
    /// How long a lost connection is retried.
    pub retry_timeout: Duration,
}

impl Settings {
    pub fn parse(table: &TableSpec, context: &ConnectorContext) -> Result<Self, PostgresError> {
        let get = |name: &str| table.options.get(name).map(String::as_str);
        for name in table.options.keys() {
            if !OPTIONS.iter().any(|o| o.name == name) {
                return Err(PostgresError::Config(format!("option '{name}' is unknown to connector 'jdbc'")));
            }
        }
        let required = |name: &str| {
            get(name)
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| PostgresError::Config(format!("table '{}' needs option '{name}'", table.name)))
        };
        let mut url = JdbcUrl::parse(required("url")?)?;
        if let Some(user) = get("username") {
            url.user = Some(user.to_owned());
        }
        if let Some(password) = get("password") {
            url.password = Some(Secret(password.to_owned()));
        }
        url.ssl_root_cert =
            url.ssl_root_cert.map(|path| context.base_dir.join(path).to_string_lossy().into_owned());
        if let Some(driver) = get("driver")
            && driver != "org.postgresql.Driver"
        {
            return Err(PostgresError::Config(format!(
                "option 'driver' is '{driver}', but only org.postgresql.Driver is supported"
            )));
        }
        let number = |name: &str, default: u32| match get(name) {
            None => Ok(default),
            Some(text) => text.trim().parse().map_err(|_| {
                PostgresError::Config(format!("option '{name}' is '{text}', which is no whole number"))
            }),
        };
        number("sink.parallelism", 1)?;
        number("sink.buffer-flush.max-rows", 100)?;
        let duration = |name: &str, default: Duration| match get(name) {
            None => Ok(default),
            Some(text) => parse_duration(text).ok_or_else(|| {
                PostgresError::Config(format!(
                    "option '{name}' is '{text}', which is no duration like '30 s'"
                ))
            }),
        };
        duration("sink.buffer-flush.interval", Duration::from_secs(1))?;
        Ok(Self {
            url,
            table_name: required("table-name")?.to_owned(),
            max_retries: number("sink.max-retries", 3)?,
            retry_timeout: duration("connection.max-retry-timeout", Duration::from_secs(60))?,
        })
    }
}

/// Flink's form: a number and a unit, `30 s` or `500ms`; a bare number counts milliseconds.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit_ms = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(unit_ms)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_flinks() {
        for (text, ms) in
            [("30 s", Some(30_000)), ("500ms", Some(500)), ("2", Some(2)), ("1 min", Some(60_000))]
        {
            assert_eq!(parse_duration(text).map(|d| d.as_millis()), ms, "{text}");
        }
        assert_eq!(parse_duration("soon"), None);
        assert_eq!(parse_duration("5 weeks"), None);
    }
}
