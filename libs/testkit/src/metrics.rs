//! What a program under test says about itself at `/metrics`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The samples of one answer, by name with labels.
#[derive(Clone, Debug, Default)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Asks the admin server at `port` of this machine; `None` while nobody answers there.
    pub fn read(port: u16) -> Option<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let samples = text.lines().filter(|line| line.starts_with("ibb_")).filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Some(Self(samples.collect()))
    }

    /// The sum of the samples of `name` whose labels contain `label` (`sink="copy"`); 0 when there is none.
    pub fn total(&self, name: &str, label: &str) -> u64 {
        let of_name =
            self.0.iter().filter(|(key, _)| key.strip_prefix(name).is_some_and(|l| l.starts_with('{')));
        of_name.filter(|(key, _)| key.contains(label)).map(|(_, value)| *value as u64).sum()
    }
}
