//! Opening a connection, and the settings every session of ours has.

use crate::PostgresError;
use crate::ddl::quote_ident;
use crate::error::reason;
use crate::url::JdbcUrl;
use resilience::{Retry, RetryPolicy, retry};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, raw_sql};
use std::sync::Mutex;
use std::time::Duration;

/// A stopped process holds our row lock no longer than `idle_in_transaction_session_timeout`, so a claim that may
/// not end its backend outlives it with `lock_timeout`. Tables that others lock keep us waiting just as long.
const SESSION: &str = "
    SET idle_in_transaction_session_timeout = '30s';
    SET lock_timeout = '45s';
    SET statement_timeout = '10min';
    SET default_transaction_isolation = 'read committed';
    SET client_min_messages = warning;
    SET standard_conforming_strings = on;
    SET synchronize_seqscans = off;
    SET jit = off;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// Connects, trying again with growing pauses for up to `total`.
pub(crate) async fn connect(url: &JdbcUrl, total: Duration) -> Result<PgConnection, PostgresError> {
    // Tries so far, and why the last one failed.
    let progress = Mutex::new((0_u32, String::from("no answer")));
    let policy = RetryPolicy { total_max: total, ..RetryPolicy::default() };
    let decide = |error: &PostgresError| match error {
        PostgresError::Lost { .. } => Retry::Backoff,
        _ => Retry::Never,
    };
    let attempts = retry(policy, decide, || async {
        progress.lock().expect("nobody panics holding it").0 += 1;
        let result = match tokio::time::timeout(url.connect_timeout, open(url)).await {
            Ok(result) => result,
            Err(_) => Err(PostgresError::Lost { doing: "connecting", cause: None }),
        };
        if let Err(PostgresError::Lost { cause, .. }) = &result {
            let waited = || format!("no answer within {:?}", url.connect_timeout);
            progress.lock().expect("nobody panics holding it").1 = cause.as_ref().map_or_else(waited, reason);
        }
        result
    });
    let result = tokio::time::timeout(total, attempts).await;
    match result {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(PostgresError::Lost { .. })) | Err(_) => {
            let (tries, reason) = progress.into_inner().expect("nobody panics holding it");
            Err(PostgresError::Unreachable { server: url.server(), waited: total, tries, reason })
        }
        Ok(Err(error)) => Err(error),
    }
}

async fn open(url: &JdbcUrl) -> Result<PgConnection, PostgresError> {
    let mut connection = options(url).connect().await.map_err(|cause| refused(url, cause))?;
    let mut session = SESSION.to_owned();
    if !url.schemas.is_empty() {
        let path: Vec<String> = url.schemas.iter().map(|schema| quote_ident(schema)).collect();
        session.push_str(&format!("; SET search_path = {}", path.join(", ")));
    }
    raw_sql(AssertSqlSafe(session))
        .execute(&mut connection)
        .await
        .map_err(|cause| PostgresError::from_sqlx("setting up the session", cause))?;
    Ok(connection)
}

fn options(url: &JdbcUrl) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&url.host)
        .port(url.port)
        .ssl_mode(url.ssl_mode)
        .application_name("ibb jdbc sink")
        .disable_statement_logging();
    if let Some(user) = &url.user {
        options = options.username(user);
    }
    if let Some(password) = &url.password {
        options = options.password(&password.0);
    }
    if let Some(path) = &url.ssl_root_cert {
        options = options.ssl_root_cert(path);
    }
    let database = url.database.clone().unwrap_or_else(|| options.get_username().to_owned());
    options.database(&database)
}

/// Which failures of a first contact pass by themselves: nobody listens, starting up, too many connections.
fn refused(url: &JdbcUrl, cause: sqlx::Error) -> PostgresError {
    let server = url.server();
    let code = match &cause {
        sqlx::Error::Database(error) => error.code().map(|code| code.into_owned()).unwrap_or_default(),
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => {
            return PostgresError::Config(format!(
                "no TLS connection to postgresql at {server}: {}",
                reason(&cause)
            ));
        }
        _ => return PostgresError::Lost { doing: "connecting", cause: Some(cause) },
    };
    match code.as_str() {
        "3D000" => PostgresError::Config(format!("postgresql at {server}: {}", reason(&cause))),
        _ if code.starts_with("28") => {
            PostgresError::Permission(format!("postgresql at {server}: {}", reason(&cause)))
        }
        _ => PostgresError::Lost { doing: "connecting", cause: Some(cause) },
    }
}
