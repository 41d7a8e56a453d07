//! The protocol: POST a statement, then follow `nextUri` until there is none.

use crate::TrinoError;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// How long one page may take: the server holds a request for about a second when it has nothing to say.
const PAGE: Duration = Duration::from_secs(60);
/// Tries of a page while the server says that it is busy (502, 503, 504).
const BUSY_TRIES: usize = 10;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// One server and user.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    user: String,
    catalog: Option<String>,
    schema: Option<String>,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Column {
    pub name: String,
    /// As Trino writes it: `bigint`, `varchar(3)`, `decimal(10,2)`.
    #[serde(rename = "type")]
    pub data_type: String,
}

/// What a statement gave. Decimals, dates and times are text, as in Trino's JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// Rows that an INSERT, UPDATE or DELETE touched.
    pub updated: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    next_uri: Option<String>,
    columns: Option<Vec<Column>>,
    #[serde(default)]
    data: Vec<Vec<Value>>,
    error: Option<Failure>,
    update_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    message: String,
    error_name: String,
    error_location: Option<Location>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    line_number: u32,
    column_number: u32,
}

impl Client {
    /// A client for the server at `url`, such as `http://127.0.0.1:8080`. Nothing is asked yet.
    ///
    /// # Errors
    /// `Unreachable` when this machine's TLS cannot be set up.
    pub fn new(url: &str, user: &str) -> Result<Self, TrinoError> {
        let url = url.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().timeout(PAGE).build();
        let http = http.map_err(|cause| TrinoError::Unreachable { url: url.clone(), cause })?;
        Ok(Self { http, url, user: user.to_owned(), catalog: None, schema: None })
    }

    /// Where names without a catalog and schema are looked up.
    pub fn in_schema(mut self, catalog: &str, schema: &str) -> Self {
        self.catalog = Some(catalog.to_owned());
        self.schema = Some(schema.to_owned());
        self
    }

    /// Runs one statement to its end and gathers its rows.
    ///
    /// # Errors
    /// `Query` is the server's word on the statement.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the statement on the server, if a runtime still runs.
    pub async fn query(&self, sql: &str) -> Result<Answer, TrinoError> {
        let mut running = Running { client: self.clone(), next: None };
        let mut answer = Answer::default();
        let mut page = self.page(|| self.statement(sql)).await?;
        loop {
            running.next = page.next_uri.take();
            if let Some(failure) = page.error {
                running.next = None;
                return Err(failure.into());
            }
            if let Some(columns) = page.columns {
                answer.columns = columns;
            }
            answer.rows.append(&mut page.data);
            answer.updated = page.update_count.or(answer.updated);
            let Some(next) = running.next.clone() else { return Ok(answer) };
            page = self.page(|| self.http.get(&next)).await?;
        }
    }

    fn statement(&self, sql: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.post(format!("{}/v1/statement", self.url)).body(sql.to_owned());
        for (header, value) in [("X-Trino-Catalog", &self.catalog), ("X-Trino-Schema", &self.schema)] {
            if let Some(value) = value {
                request = request.header(header, value);
            }
        }
        request
    }

    async fn page(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Result<Page, TrinoError> {
        let unreachable = |cause| TrinoError::Unreachable { url: self.url.clone(), cause };
        let mut tries = 0;
        loop {
            let request = request().header("X-Trino-User", &self.user).header("X-Trino-Source", "ibb");
            let response = request.send().await.map_err(unreachable)?;
            let status = response.status();
            if status.is_success() {
                return response.json().await.map_err(unreachable);
            }
            tries += 1;
            if !matches!(status.as_u16(), 502..=504) || tries == BUSY_TRIES {
                let body = response.text().await.unwrap_or_default();
                return Err(TrinoError::Http { url: self.url.clone(), status: status.as_u16(), body });
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }
}

impl From<Failure> for TrinoError {
    fn from(failure: Failure) -> Self {
        let place = failure.error_location.map(|at| (at.line_number, at.column_number));
        Self::Query { name: failure.error_name, message: failure.message, place }
    }
}

/// A statement that the server still works on while `next` is set.
struct Running {
    client: Client,
    next: Option<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(next) = self.next.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let request = self.client.http.delete(next).header("X-Trino-User", &self.client.user);
        runtime.spawn(async move {
            // Nobody is left to be told; the server gives an abandoned statement up by itself after five minutes.
            let _ = request.send().await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    /// A server that gives these pages in turn (`{url}` is its address) and tells the requests it got.
    async fn server(pages: Vec<(u16, Value)>) -> (Client, mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, requests) = mpsc::unbounded_channel();
        let own = url.clone();
        tokio::spawn(async move {
            for (status, page) in pages {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let _ =
                    seen.send(String::from_utf8_lossy(&request[..length]).lines().next().unwrap().to_owned());
                let body = page.to_string().replace("{url}", &own);
                let head =
                    format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
                let answer = format!("{head}content-type: application/json\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (Client::new(&url, "me").unwrap(), requests)
    }

    #[tokio::test]
    async fn pages_are_followed_to_the_last() {
        let column = json!([{ "name": "n", "type": "bigint" }]);
        let (client, mut requests) = server(vec![
            (200, json!({ "nextUri": "{url}/v1/statement/queued/1" })),
            (503, json!({})),
            (
                200,
                json!({ "nextUri": "{url}/v1/statement/executing/2", "columns": column, "data": [[1], [2]] }),
            ),
            (200, json!({ "columns": column, "data": [[3]] })),
        ])
        .await;
        let answer = client.query("SELECT n FROM t").await.unwrap();
        assert_eq!(answer.rows, [[json!(1)], [json!(2)], [json!(3)]]);
        assert_eq!(answer.columns, [Column { name: "n".into(), data_type: "bigint".into() }]);
        assert_eq!(requests.recv().await.unwrap(), "POST /v1/statement HTTP/1.1");
        assert_eq!(requests.recv().await.unwrap(), "GET /v1/statement/queued/1 HTTP/1.1");
        assert_eq!(requests.recv().await.unwrap(), "GET /v1/statement/queued/1 HTTP/1.1");
    }

    #[tokio::test]
    async fn an_error_is_named_with_its_place() {
        let error = json!({ "message": "line 1:8: no", "errorName": "SYNTAX_ERROR",
            "errorLocation": { "lineNumber": 1, "columnNumber": 8 } });
        let (client, _requests) = server(vec![(200, json!({ "error": error }))]).await;
        let error = client.query("SELECT").await.unwrap_err();
        assert_eq!(
            (error.query_error(), error.to_string().as_str()),
            (Some("SYNTAX_ERROR"), "SYNTAX_ERROR: line 1:8: no")
        );
        assert!(matches!(error, TrinoError::Query { place: Some((1, 8)), .. }));
    }

    #[tokio::test]
    async fn a_dropped_statement_is_cancelled() {
        let (client, mut requests) =
            server(vec![(200, json!({ "nextUri": "{url}/v1/statement/executing/1" })), (200, json!({}))])
                .await;
        // The second page never comes: the server takes one request at a time, and that one will be the DELETE.
        let page = client.page(|| client.statement("SELECT 1")).await.unwrap();
        drop(Running { client: client.clone(), next: page.next_uri });
        requests.recv().await.unwrap();
        assert_eq!(requests.recv().await.unwrap(), "DELETE /v1/statement/executing/1 HTTP/1.1");
    }
}
