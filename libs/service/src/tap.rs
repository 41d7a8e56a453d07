//! Sample rows of a running program at `/tap`, for people who look for a mistake.
//!
//! Rows are users' data: unless `--admin-tap` says otherwise they are shown in development only.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// Rows that are shown when the request does not say how many, and at most.
const ROWS_DEFAULT: usize = 10;
const ROWS_MAX: usize = 1_000;
/// How long rows are waited for when the request does not say, and at most.
const WAIT_DEFAULT: Duration = Duration::from_secs(5);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What somebody wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapRequest {
    /// Whose rows.
    pub operator: String,
    /// How many at most.
    pub rows: usize,
    /// How long to wait for them.
    pub wait: Duration,
}

/// Why no rows are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TapRefusal {
    /// The operator does not exist; the text names those that do.
    Unknown(String),
    /// The rows cannot be shown.
    Failed(String),
}

/// Rows as JSON lines, perhaps none.
pub type TapAnswer = Pin<Box<dyn Future<Output = Result<String, TapRefusal>> + Send>>;

type Provider = Arc<dyn Fn(TapRequest) -> TapAnswer + Send + Sync>;

/// Where a program says how its rows are to be seen. Clones share it.
#[derive(Clone)]
pub struct Taps {
    allowed: bool,
    provider: Arc<Mutex<Option<Provider>>>,
}

impl Taps {
    /// Nothing is shown unless `allowed`.
    pub fn new(allowed: bool) -> Self {
        Self { allowed, provider: Arc::default() }
    }

    /// Asks `provider` from now on.
    pub fn provide(&self, provider: impl Fn(TapRequest) -> TapAnswer + Send + Sync + 'static) {
        *self.provider.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(provider));
    }

    /// Whether there is something to see.
    pub(crate) fn offered(&self) -> bool {
        self.allowed && self.provider().is_some()
    }

    pub(crate) async fn answer(&self, query: &str) -> Response {
        if !self.allowed {
            let text =
                "rows are not shown here: --admin-tap true allows it (the default in development only)";
            return text_of(StatusCode::FORBIDDEN, text);
        }
        let Some(provider) = self.provider() else {
            return text_of(StatusCode::NOT_FOUND, "nothing runs in this program whose rows could be shown");
        };
        let request = match parse(query) {
            Ok(request) => request,
            Err(message) => return text_of(StatusCode::BAD_REQUEST, &message),
        };
        match provider(request).await {
            Ok(lines) => {
                ([(header::CONTENT_TYPE, "application/x-ndjson; charset=utf-8")], lines).into_response()
            }
            Err(TapRefusal::Unknown(message)) => text_of(StatusCode::NOT_FOUND, &message),
            Err(TapRefusal::Failed(message)) => text_of(StatusCode::INTERNAL_SERVER_ERROR, &message),
        }
    }

    fn provider(&self) -> Option<Provider> {
        self.provider.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Taps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taps").field("allowed", &self.allowed).field("offered", &self.offered()).finish()
    }
}

fn text_of(code: StatusCode, text: &str) -> Response {
    (code, format!("{text}\n")).into_response()
}

fn parse(query: &str) -> Result<TapRequest, String> {
    let mut request = TapRequest { operator: String::new(), rows: ROWS_DEFAULT, wait: WAIT_DEFAULT };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value).ok_or_else(|| format!("{name}: not percent-encoded UTF-8"))?;
        match name {
            "operator" => request.operator = value,
            "rows" => request.rows = within(name, &value, ROWS_MAX)?,
            "wait_seconds" => {
                request.wait = Duration::from_secs(within(name, &value, WAIT_MAX.as_secs() as usize)? as u64);
            }
            _ => return Err(format!("`{name}` is not known; there are operator, rows and wait_seconds")),
        }
    }
    // Without an operator the answer names those there are.
    Ok(request)
}

fn within(name: &str, value: &str, max: usize) -> Result<usize, String> {
    match value.parse() {
        Ok(number) if (1..=max).contains(&number) => Ok(number),
        _ => Err(format!("{name}: not a number between 1 and {max}")),
    }
}

/// `%3A` and `+` as browsers and curl write them.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_whose_rows_how_many_and_for_how_long() {
        let request = |operator: &str, rows, seconds| {
            Ok(TapRequest { operator: operator.to_owned(), rows, wait: Duration::from_secs(seconds) })
        };
        assert_eq!(parse("operator=source:events"), request("source:events", 10, 5));
        assert_eq!(
            parse("operator=sums%2Fwindow+%C3%A9&rows=3&wait_seconds=60"),
            request("sums/window é", 3, 60)
        );
        assert_eq!(parse(""), request("", 10, 5));
    }

    #[test]
    fn what_is_out_of_bounds_or_unknown_is_named() {
        for (query, word) in [
            ("rows=0", "between 1 and 1000"),
            ("rows=1001", "between 1 and 1000"),
            ("rows=-1", "rows"),
            ("wait_seconds=61", "between 1 and 60"),
            ("operator=%zz", "operator: not percent-encoded"),
            ("operator=%f", "operator: not percent-encoded"),
            ("operator=%ff", "UTF-8"),
            ("row=3", "`row` is not known"),
        ] {
            let message = parse(query).unwrap_err();
            assert!(message.contains(word), "{query}: {message}");
        }
    }
}
