//! What a statement gives: pages of rows, fetched one after the other.

use crate::error::FlinkError;
use crate::http::Repeat;
use crate::rows::{self, Changes, Column, ColumnInfo, Row};
use crate::script::Statement;
use crate::session::{Shared, doing};
use arrow::datatypes::{Schema, SchemaRef};
use reqwest::Method;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Waits between looks at a statement that is not ready, or a query that has no new rows: short at first, so that
/// definitions cost milliseconds.
const WAIT_MIN: Duration = Duration::from_millis(10);
const WAIT_MAX: Duration = Duration::from_millis(400);

/// The results of one statement. Dropping them leaves the statement to its session.
#[derive(Debug)]
pub struct Results {
    session: Arc<Shared>,
    operation: String,
    statement: Statement,
    /// Where the next page is; `None` after the last.
    next: Option<String>,
    head: Option<Head>,
    /// A page that was fetched for its head.
    pending: Option<Changes>,
    wait: Duration,
}

/// What the first page tells about all of them.
#[derive(Clone, Debug)]
struct Head {
    schema: SchemaRef,
    columns: Vec<Column>,
    job: Option<String>,
    is_query: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    result_type: ResultType,
    #[serde(default)]
    is_query_result: Option<bool>,
    #[serde(rename = "jobID", default)]
    job: Option<String>,
    #[serde(borrow, default)]
    results: Option<PageRows<'a>>,
    #[serde(default)]
    next_result_uri: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ResultType {
    NotReady,
    Payload,
    Eos,
}

#[derive(Deserialize)]
struct PageRows<'a> {
    columns: Vec<ColumnInfo>,
    #[serde(borrow)]
    data: Vec<Row<'a>>,
}

impl Results {
    pub(crate) fn new(session: Arc<Shared>, operation: String, statement: Statement) -> Self {
        let next = format!("/v3/sessions/{}/operations/{operation}/result/0?rowFormat=JSON", session.handle);
        Self { session, operation, statement, next: Some(next), head: None, pending: None, wait: WAIT_MIN }
    }

    /// Waits until the statement is past its planning: from here on there are a schema and, of a query or an INSERT, a
    /// job.
    ///
    /// # Errors
    /// [`FlinkError::Sql`] when Flink refuses the statement, with its place in the script.
    ///
    /// # Cancel safety
    /// Nothing is lost: a page is asked for again when its answer was not taken.
    pub async fn ready(&mut self) -> Result<(), FlinkError> {
        while self.head.is_none() && self.next.is_some() {
            if let Some(changes) = self.fetch().await? {
                self.pending = Some(changes);
            }
        }
        Ok(())
    }

    /// Waits for the next rows; `None` is the end, forever. A streaming query has no end of its own.
    ///
    /// # Errors
    /// [`FlinkError::Sql`], [`FlinkError::JobFailed`] when the query's job fails, [`FlinkError::SessionLost`].
    ///
    /// # Cancel safety
    /// Nothing is lost, as with [`Results::ready`].
    pub async fn next(&mut self) -> Result<Option<Changes>, FlinkError> {
        loop {
            if let Some(changes) = self.pending.take().filter(|changes| !changes.is_empty()) {
                return Ok(Some(changes));
            }
            if self.next.is_none() {
                return Ok(None);
            }
            self.pending = self.fetch().await?;
        }
    }

    /// All rows to the end: for bounded queries.
    ///
    /// # Errors
    /// As [`Results::next`]; [`FlinkError::Timeout`] after `limit`.
    pub async fn collect(&mut self, limit: Duration) -> Result<Changes, FlinkError> {
        let mut kinds = Vec::new();
        let mut batches = Vec::new();
        let all = async {
            while let Some(changes) = self.next().await? {
                kinds.extend(changes.kinds);
                batches.push(changes.rows);
            }
            Ok::<(), FlinkError>(())
        };
        let done = tokio::time::timeout(limit, all).await;
        done.map_err(|_| FlinkError::Timeout { doing: doing(&self.statement), limit })??;
        let rows = arrow::compute::concat_batches(&self.schema(), &batches)
            .map_err(|error| FlinkError::protocol(doing(&self.statement), error))?;
        Ok(Changes { kinds, rows })
    }

    /// Empty until [`Results::ready`].
    pub fn schema(&self) -> SchemaRef {
        self.head.as_ref().map_or_else(|| Arc::new(Schema::empty()), |head| Arc::clone(&head.schema))
    }

    /// The columns with Flink's names of their types. Empty until [`Results::ready`].
    pub fn columns(&self) -> &[Column] {
        self.head.as_ref().map_or(&[], |head| &head.columns)
    }

    /// The job that makes the rows, or that an INSERT started. `None` until [`Results::ready`].
    pub fn job(&self) -> Option<&str> {
        self.head.as_ref()?.job.as_deref()
    }

    /// Whether the rows are a query's, as opposed to an answer such as `OK`.
    pub fn is_query(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.is_query)
    }

    /// Stops a statement that is still being planned or submitted; one that gives rows already goes on.
    pub async fn cancel(&self) -> Result<(), FlinkError> {
        let path = format!("/operations/{}/cancel", self.operation);
        self.session.call("cancelling a statement", Method::POST, &path, None, Repeat::Safe).await.map(drop)
    }

    /// Ends the statement: a query's job is cancelled; one that an INSERT started runs on.
    pub async fn close(self) -> Result<(), FlinkError> {
        let path = format!("/operations/{}/close", self.operation);
        self.session.call("closing a statement", Method::DELETE, &path, None, Repeat::Safe).await.map(drop)
    }

    /// Asks for the next page; after an empty one or none yet, waits a little first. The last page may be asked for
    /// twice: the gateway keeps it until the one after it is asked for.
    async fn fetch(&mut self) -> Result<Option<Changes>, FlinkError> {
        let Some(path) = self.next.clone() else { return Ok(None) };
        if self.wait > WAIT_MIN {
            tokio::time::sleep(self.wait).await;
        }
        let answer = self.session.http.send(Method::GET, &path, None, Repeat::Safe).await;
        let text = answer.map_err(|failed| self.error(failed))?;
        let page: Page<'_> = self.session.http.read(&doing(&self.statement), &text)?;
        let changes = self.take(&page).map_err(|bad| FlinkError::protocol(doing(&self.statement), bad))?;
        let idle = changes.as_ref().is_none_or(Changes::is_empty);
        self.wait = if idle { (self.wait * 2).min(WAIT_MAX) } else { WAIT_MIN };
        self.next = match page.result_type {
            // The same page again.
            ResultType::NotReady => Some(path),
            ResultType::Payload => page.next_result_uri,
            ResultType::Eos => None,
        };
        Ok(changes)
    }

    /// The rows of a page, and its head when it is the first.
    fn take(&mut self, page: &Page<'_>) -> Result<Option<Changes>, String> {
        let Some(results) = page.results.as_ref().filter(|_| page.result_type != ResultType::NotReady) else {
            return Ok(None);
        };
        let head = match &mut self.head {
            Some(head) => head,
            None => self.head.insert(Head {
                schema: rows::schema(&results.columns)?,
                columns: rows::columns(&results.columns),
                job: page.job.clone(),
                is_query: page.is_query_result.unwrap_or(false),
            }),
        };
        rows::changes(&head.schema, &results.data).map(Some)
    }

    fn error(&self, failed: crate::http::Failed) -> FlinkError {
        let error = self.session.error(&doing(&self.statement), failed);
        let error = error.placed(|place| self.statement.in_script(place));
        match (error, self.job()) {
            (FlinkError::JobFailed { job: None, cause }, Some(job)) => {
                FlinkError::JobFailed { job: Some(job.to_owned()), cause }
            }
            (error, _) => error,
        }
    }
}
