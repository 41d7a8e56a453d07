//! The SQL gateway: what it is, and sessions on it.

use crate::endpoint::Endpoint;
use crate::error::FlinkError;
use crate::http::{Http, Timeouts};
use crate::session::{Session, SessionOptions};
use serde::Deserialize;

/// The first major version whose gateway, options and types this client knows.
const MAJOR_MIN: u32 = 2;

/// What `GET /v3/info` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    pub product_name: String,
    /// `2.2.1`
    pub version: String,
}

/// A SQL gateway that answered and is of a version we know.
#[derive(Clone, Debug)]
pub struct Gateway {
    http: Http,
    info: Info,
}

impl Gateway {
    /// Asks the gateway at `endpoint` (`"http://host:8083"`) what it is.
    ///
    /// # Errors
    /// [`FlinkError::Unreachable`] when nothing answers within [`Timeouts::unreachable`],
    /// [`FlinkError::Unsupported`] for another product or a version before 2.0.
    pub async fn connect(endpoint: impl Into<Endpoint>, timeouts: Timeouts) -> Result<Self, FlinkError> {
        let http = Http::new("the SQL gateway", endpoint.into(), timeouts)?;
        let info: Info = http.get("asking the gateway for its version", "/v3/info").await?;
        if !supported(&info) {
            let Info { product_name: product, version } = info;
            return Err(FlinkError::Unsupported { url: http.url, product, version });
        }
        Ok(Self { http, info })
    }

    pub fn info(&self) -> &Info {
        &self.info
    }

    pub fn url(&self) -> &str {
        &self.http.url
    }

    /// Opens a session and keeps it alive.
    ///
    /// # Errors
    /// [`FlinkError::Unreachable`], or [`FlinkError::Protocol`] when the gateway has no room for another session.
    pub async fn open(&self, options: SessionOptions) -> Result<Session, FlinkError> {
        Session::open(self.http.clone(), options).await
    }
}

fn supported(info: &Info) -> bool {
    let major = info.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    info.product_name == "Apache Flink" && major.is_some_and(|major| major >= MAJOR_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_flink_from_2_on() {
        let is = |product: &str, version: &str| {
            supported(&Info { product_name: product.to_owned(), version: version.to_owned() })
        };
        assert!(is("Apache Flink", "2.2.1"));
        assert!(is("Apache Flink", "10.0-SNAPSHOT"));
        assert!(!is("Apache Flink", "1.20.1"));
        assert!(!is("Apache Flink", "<unknown>"));
        assert!(!is("Another Gateway", "2.2.1"));
    }
}
