//! Where a service of a cluster answers.

/// A URL, and what its owner asks of clients. A plain URL makes one without either.
#[derive(Clone)]
pub struct Endpoint {
    /// `http://host:8083`, or `https`.
    pub url: String,
    /// User and password, as a proxy before the service may ask for (HTTP Basic).
    pub login: Option<(String, String)>,
    /// Certificates that are trusted in place of the system's.
    pub authorities_pem: Option<Vec<u8>>,
}

impl Endpoint {
    /// The same owner's, elsewhere.
    #[must_use]
    pub fn at(&self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self.clone() }
    }
}

impl From<&str> for Endpoint {
    fn from(url: &str) -> Self {
        Self { url: url.to_owned(), login: None, authorities_pem: None }
    }
}

impl From<&String> for Endpoint {
    fn from(url: &String) -> Self {
        url.as_str().into()
    }
}

impl From<String> for Endpoint {
    fn from(url: String) -> Self {
        Self { url, login: None, authorities_pem: None }
    }
}

/// Without the password.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({})", self.url)
    }
}
