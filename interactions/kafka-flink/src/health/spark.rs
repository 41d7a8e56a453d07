//! Spark Connect: the greeting of HTTP/2, which gRPC speaks.
//!
//! It proves that an HTTP/2 server listens, and no more: a question to Spark itself would need its client. With TLS not
//! even that, as HTTP/2 must then be negotiated in a way this probe does not: a handshake that works is all it tells.

use super::finding::Facts;
use super::wire::{self, Tls};
use service::Spark;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: [u8; 9] = [0, 0, 0, SETTINGS_TYPE, 0, 0, 0, 0, 0];
const SETTINGS_TYPE: u8 = 4;
const PORT: u16 = 15_002;

pub async fn check(spark: &Spark) -> Result<Facts, String> {
    let (address, tls) = place(&spark.remote)?;
    let tls = Tls { on: tls, ca_file: spark.ca_file.clone() };
    let mut wire = wire::connect(&address, &tls).await?;
    if tls.on {
        return Ok(Facts::new("reachable, with TLS; more is not asked").with("asked", "tls"));
    }
    wire::write(&mut wire, &[PREFACE, &SETTINGS[..]].concat())
        .await
        .map_err(|e| format!("{address}: {e}"))?;
    let head = wire::read(&mut wire, 9).await.map_err(|reason| format!("{address}: {reason}"))?;
    // The first frame of a server is its SETTINGS, of the connection and thus of stream 0.
    if head[3] != SETTINGS_TYPE || head[5..] != [0; 4] {
        return Err(format!("{address}: its answer is no HTTP/2"));
    }
    Ok(Facts::new("an HTTP/2 server listens; Spark itself is not asked").with("asked", "http2"))
}

/// `host:port` of `sc://host:port/;name=value;…`, and whether it is TLS.
fn place(remote: &str) -> Result<(String, bool), String> {
    let rest = remote.strip_prefix("sc://").ok_or("spark.remote does not begin with sc://")?;
    let (authority, parameters) = rest.split_once('/').unwrap_or((rest, ""));
    let tls = parameters.split(';').any(|parameter| parameter.eq_ignore_ascii_case("use_ssl=true"));
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { authority.to_owned() } else { format!("{authority}:{PORT}") };
    Ok((address, tls))
}

#[cfg(test)]
mod tests {
    use super::super::fake::serve;
    use super::*;

    fn at(address: &str) -> Spark {
        Spark { remote: format!("sc://{address}"), user: None, token: None, ca_file: None }
    }

    #[test]
    fn a_remote_names_its_place() {
        assert_eq!(place("sc://a:1/;use_ssl=true;user_id=x"), Ok(("a:1".into(), true)));
        assert_eq!(place("sc://a"), Ok(("a:15002".into(), false)));
    }

    #[tokio::test]
    async fn an_http2_server_is_known_by_its_settings() {
        let address = serve(|request| match request.starts_with(PREFACE) {
            true => SETTINGS.to_vec(),
            false => Vec::new(),
        })
        .await;
        assert!(check(&at(&address)).await.unwrap().summary.contains("HTTP/2"));
    }

    #[tokio::test]
    async fn another_server_is_not_taken_for_one() {
        let address = serve(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
        assert!(check(&at(&address)).await.unwrap_err().contains("no HTTP/2"));
    }
}
