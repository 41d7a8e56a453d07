//! Trino, Flink's SQL Gateway and the schema registry: one GET each, of what they say about themselves.

use super::finding::Facts;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::Value;
use service::{Flink, SchemaRegistry, Secret, Trino};
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// Where to ask, and as whom.
struct Endpoint<'a> {
    url: &'a str,
    user: Option<&'a str>,
    secret: Option<&'a Secret>,
    client: Client,
}

impl<'a> Endpoint<'a> {
    fn new(
        url: &'a str,
        user: Option<&'a String>,
        secret: Option<&'a Secret>,
        ca_file: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let mut builder = Client::builder().timeout(timeout).no_proxy();
        if let Some(path) = ca_file {
            let wrong = |cause: &dyn std::fmt::Display| format!("ca_file {}: {cause}", path.display());
            let pem = std::fs::read(path).map_err(|cause| wrong(&cause))?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(|cause| wrong(&cause))?;
            builder = builder.tls_certs_only(authorities);
        }
        let client = builder.build().map_err(|cause| reason(&cause))?;
        Ok(Self { url: url.trim_end_matches('/'), user: user.map(String::as_str), secret, client })
    }

    /// The JSON at `path`.
    async fn get(&self, path: &str) -> Result<Value, String> {
        let url = format!("{}{path}", self.url);
        let mut request = self.client.get(&url);
        if let Some(user) = self.user {
            request = request.basic_auth(user, self.secret.map(Secret::expose));
        }
        let answer = request.send().await.map_err(|cause| format!("{url}: {}", reason(&cause)))?;
        let status = answer.status();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Err(format!("{url}: {status}: the credentials are refused"));
        }
        if !status.is_success() {
            return Err(format!("{url}: {status}"));
        }
        answer.json().await.map_err(|cause| format!("{url}: no JSON: {}", reason(&cause)))
    }
}

/// An error with its causes, of which the last one says most.
fn reason(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        words = cause.to_string();
        next = cause.source();
    }
    words
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
}

/// `/v1/info` needs no credentials: refused ones show only in queries.
pub async fn trino(trino: &Trino, timeout: Duration) -> Result<Facts, String> {
    let Trino { url, user, password, ca_file } = trino;
    let info = Endpoint::new(url, user.as_ref(), password.as_ref(), ca_file.as_deref(), timeout)?;
    let info = info.get("/v1/info").await?;
    let version = text(&info["nodeVersion"]["version"]);
    if version == "?" {
        return Err(format!("{url}: /v1/info is not that of a Trino"));
    }
    let facts = Facts::new(format!("trino {version}, up {}", text(&info["uptime"])));
    let mut facts = facts.with("version", version).with("uptime", text(&info["uptime"]));
    if info["starting"] == true {
        facts.alert("it is still starting");
    }
    if info["coordinator"] == false {
        facts.alert("it is no coordinator");
    }
    Ok(facts)
}

/// The gateway only; its cluster is behind it.
pub async fn flink(flink: &Flink, timeout: Duration) -> Result<Facts, String> {
    let Flink { sql_gateway, rest: _, username, password, ca_file } = flink;
    let gateway =
        Endpoint::new(sql_gateway, username.as_ref(), password.as_ref(), ca_file.as_deref(), timeout)?;
    let info = gateway.get("/v3/info").await?;
    let (product, version) = (text(&info["productName"]), text(&info["version"]));
    if version == "?" {
        return Err(format!("{sql_gateway}: /v3/info is not that of a Flink SQL Gateway"));
    }
    let facts = Facts::new(format!("SQL gateway of {product} {version}; its jobs are not asked"));
    Ok(facts.with("version", version))
}

pub async fn schema_registry(registry: &SchemaRegistry, timeout: Duration) -> Result<Facts, String> {
    let SchemaRegistry { url, username, password, ca_file } = registry;
    let registry = Endpoint::new(url, username.as_ref(), password.as_ref(), ca_file.as_deref(), timeout)?;
    let subjects = registry.get("/subjects").await?;
    let Some(subjects) = subjects.as_array() else {
        return Err(format!("{url}: /subjects is no list"));
    };
    Ok(Facts::new(format!("{} subjects", subjects.len())).with("subjects", subjects.len()))
}

#[cfg(test)]
mod tests {
    use super::super::fake::serve_http;
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn trino_at(url: String) -> Trino {
        Trino { url, user: None, password: None, ca_file: None }
    }

    #[tokio::test]
    async fn trino_tells_its_version_and_that_it_is_starting() {
        let body = r#"{"nodeVersion":{"version":"476"},"coordinator":true,"starting":true,"uptime":"2.10m"}"#;
        let url = serve_http("/v1/info", 200, body).await;
        let facts = trino(&trino_at(url), LIMIT).await.unwrap();
        assert_eq!(facts.summary, "trino 476, up 2.10m");
        assert_eq!(facts.alerts, ["it is still starting"]);
    }

    #[tokio::test]
    async fn another_web_server_is_not_taken_for_one() {
        let url = serve_http("/v1/info", 200, "{}").await;
        assert!(trino(&trino_at(url), LIMIT).await.unwrap_err().contains("not that of a Trino"));
        let url = serve_http("/v1/info", 200, "<html>").await;
        assert!(trino(&trino_at(url), LIMIT).await.unwrap_err().contains("no JSON"));
    }

    #[tokio::test]
    async fn the_gateway_tells_its_version() {
        let url = serve_http("/v3/info", 200, r#"{"productName":"Apache Flink","version":"2.2.1"}"#).await;
        let at = Flink {
            sql_gateway: format!("{url}/"),
            rest: None,
            username: None,
            password: None,
            ca_file: None,
        };
        let facts = flink(&at, LIMIT).await.unwrap();
        assert!(facts.summary.contains("Apache Flink 2.2.1"), "{}", facts.summary);
    }

    #[tokio::test]
    async fn the_registry_is_asked_below_its_path() {
        let url = serve_http("/apis/ccompat/v7/subjects", 200, r#"["orders-value"]"#).await;
        let url = format!("{url}/apis/ccompat/v7");
        let at = SchemaRegistry { url, username: None, password: None, ca_file: None };
        assert_eq!(schema_registry(&at, LIMIT).await.unwrap().summary, "1 subjects");
    }

    #[tokio::test]
    async fn refused_credentials_are_said_and_not_shown() {
        let url = serve_http("/subjects", 401, "").await;
        let password = Some(Secret::new("hush-hush"));
        let at = SchemaRegistry { url, username: Some("ada".into()), password, ca_file: None };
        let error = schema_registry(&at, LIMIT).await.unwrap_err();
        assert!(error.contains("refused") && !error.contains("hush-hush"), "{error}");
    }

    #[tokio::test]
    async fn nobody_there_is_said_with_the_address() {
        let url = format!("http://127.0.0.1:{}", testkit::free_port());
        let error = trino(&trino_at(url.clone()), LIMIT).await.unwrap_err();
        assert!(error.contains(&url) && error.contains("refused"), "{error}");
    }
}
