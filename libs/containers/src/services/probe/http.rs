//! Services that answer over HTTP.

use super::{NotYet, said};
use serde_json::Value;
use std::sync::OnceLock;

pub(super) async fn array(port: u16, path: &str) -> Result<(), NotYet> {
    match get(port, path).await? {
        Value::Array(_) => Ok(()),
        other => Err(format!("{path} says {other}")),
    }
}

pub(super) async fn object(port: u16, path: &str, key: &str) -> Result<(), NotYet> {
    let answer = get(port, path).await?;
    if answer.get(key).is_some() { Ok(()) } else { Err(format!("{path} says {answer}")) }
}

/// It has started, and a query comes to its end: for some seconds after the start there are no workers.
pub(super) async fn trino(port: u16) -> Result<(), NotYet> {
    let info = get(port, "/v1/info").await?;
    if info["starting"] != Value::Bool(false) {
        return Err("still starting".to_owned());
    }
    let client = client()?;
    let first = client
        .post(format!("http://127.0.0.1:{port}/v1/statement"))
        .header("X-Trino-User", "ibb")
        .body("SELECT 1");
    let mut answer: Value = first.send().await.map_err(said)?.json().await.map_err(said)?;
    loop {
        if let Some(message) = answer["error"]["message"].as_str() {
            return Err(message.to_owned());
        }
        let Some(next) = answer["nextUri"].as_str() else { return Ok(()) };
        let page = client.get(next).header("X-Trino-User", "ibb").send().await.map_err(said)?;
        answer = page.json().await.map_err(said)?;
    }
}

pub(super) async fn get(port: u16, path: &str) -> Result<Value, NotYet> {
    let answer = client()?.get(format!("http://127.0.0.1:{port}{path}")).send().await.map_err(said)?;
    if !answer.status().is_success() {
        return Err(format!("{path} answers {}", answer.status()));
    }
    answer.json().await.map_err(said)
}

/// Never through a proxy: the service is on this machine. One client for all questions, as making one reads every
/// certificate authority; it keeps no connection, which could belong to a runtime that has ended.
fn client() -> Result<reqwest::Client, NotYet> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().map_err(said)?;
    Ok(CLIENT.get_or_init(|| client).clone())
}
