//! Connections for probes of a few bytes: TCP, and TLS where it is configured.

use native_tls::{Certificate, TlsConnector};
use std::io;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection of either kind.
pub type Wire = Box<dyn Duplex>;

pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Whether and how a connection is encrypted.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    pub on: bool,
    /// PEM; absent: the system's authorities.
    pub ca_file: Option<PathBuf>,
}

/// What is read of an answer at most: a probe's answers are short.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Connects to `host:port`. Only its caller's time limit ends it.
pub async fn connect(address: &str, tls: &Tls) -> Result<Wire, String> {
    let stream = TcpStream::connect(address).await.map_err(|cause| format!("{address}: {cause}"))?;
    if !tls.on {
        return Ok(Box::new(stream));
    }
    let connector = connector(tls).map_err(|cause| format!("{address}: {cause}"))?;
    let stream = connector.connect(host(address), stream).await;
    Ok(Box::new(stream.map_err(|cause| format!("{address}: no TLS: {cause}"))?))
}

fn connector(tls: &Tls) -> Result<tokio_native_tls::TlsConnector, String> {
    let mut builder = TlsConnector::builder();
    if let Some(path) = &tls.ca_file {
        let wrong = |cause: &dyn std::fmt::Display| format!("ca_file {}: {cause}", path.display());
        let pem = std::fs::read(path).map_err(|cause| wrong(&cause))?;
        // The configured authority is the only one that counts.
        builder.disable_built_in_roots(true);
        for certificate in Certificate::stack_from_pem(&pem).map_err(|cause| wrong(&cause))? {
            builder.add_root_certificate(certificate);
        }
    }
    let connector = builder.build().map_err(|cause| format!("no TLS: {cause}"))?;
    Ok(connector.into())
}

/// The host of `host:port` or `[::1]:port`.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

pub async fn write(wire: &mut Wire, bytes: &[u8]) -> Result<(), String> {
    let written = async {
        wire.write_all(bytes).await?;
        wire.flush().await
    };
    written.await.map_err(|cause: io::Error| format!("it hung up: {cause}"))
}

/// Reads exactly `count` bytes.
pub async fn read(wire: &mut Wire, count: usize) -> Result<Vec<u8>, String> {
    if count > ANSWER_BYTES_MAX {
        return Err(format!("its answer of {count} bytes is none of this protocol"));
    }
    let mut bytes = vec![0; count];
    match wire.read_exact(&mut bytes).await {
        Ok(_) => Ok(bytes),
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            Err("it hung up without an answer".into())
        }
        Err(cause) => Err(format!("it hung up: {cause}")),
    }
}

/// Reads up to and without the next line end.
pub async fn line(wire: &mut Wire) -> Result<String, String> {
    const LINE_BYTES_MAX: usize = 4_096;
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n") {
        if bytes.len() >= LINE_BYTES_MAX {
            return Err("its answer is none of this protocol".into());
        }
        bytes.extend(read(wire, 1).await?);
    }
    bytes.truncate(bytes.len() - 2);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        assert_eq!(
            [host("db.example.com:9042"), host("[::1]:6379"), host("a")],
            ["db.example.com", "::1", "a"]
        );
    }
}
