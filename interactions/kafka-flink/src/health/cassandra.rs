//! Cassandra: OPTIONS, STARTUP and, where asked for, the password; in CQL's native protocol, version 4.

use super::finding::Facts;
use super::nodes::{Node, all_nodes};
use super::wire::{self, Tls, Wire};
use service::Cassandra;

/// Numbers of the requests and answers of the protocol.
const ERROR: u8 = 0x00;
const STARTUP: u8 = 0x01;
const READY: u8 = 0x02;
const AUTHENTICATE: u8 = 0x03;
const OPTIONS: u8 = 0x05;
const SUPPORTED: u8 = 0x06;
const AUTH_RESPONSE: u8 = 0x0f;
const AUTH_SUCCESS: u8 = 0x10;

const VERSION: u8 = 4;

/// Asks every node; an error if none answers.
pub async fn check(cassandra: &Cassandra) -> Result<Facts, String> {
    let nodes = all_nodes(&cassandra.nodes, |address| node(address, cassandra)).await?;
    Ok(nodes.facts("nodes"))
}

async fn node(address: String, cassandra: &Cassandra) -> Result<Node, String> {
    let tls = Tls { on: cassandra.tls, ca_file: cassandra.ca_file.clone() };
    let mut wire = wire::connect(&address, &tls).await?;
    let asked = async {
        let (opcode, body) = request(&mut wire, OPTIONS, &[]).await?;
        expect(opcode, &[SUPPORTED], &body)?;
        let cql = supported(&body, "CQL_VERSION").ok_or("its answer names no CQL_VERSION")?;
        let version = cql.first().cloned().unwrap_or_default();
        let mut start = vec![0, 1];
        start.extend(text("CQL_VERSION"));
        start.extend(text(&version));
        let (opcode, body) = request(&mut wire, STARTUP, &start).await?;
        expect(opcode, &[READY, AUTHENTICATE], &body)?;
        let access = match opcode {
            READY => "no password asked",
            _ => authenticate(&mut wire, cassandra).await?,
        };
        Ok((version, access))
    };
    let (version, access) = asked.await.map_err(|reason: String| format!("{address}: {reason}"))?;
    let facts = Facts::new(format!("CQL {version}, {access}"));
    let facts = facts.with("cql_version", version).with("access", access);
    Ok(Node(facts))
}

/// Proves the configured user, by the one mechanism Cassandra's own authenticators know.
async fn authenticate(wire: &mut Wire, cassandra: &Cassandra) -> Result<&'static str, String> {
    let (Some(user), Some(password)) = (&cassandra.username, &cassandra.password) else {
        return Err("it asks for a user and a password, and none is configured".into());
    };
    let token = format!("\0{user}\0{}", password.expose());
    let mut body = i32::try_from(token.len()).unwrap_or(i32::MAX).to_be_bytes().to_vec();
    body.extend(token.as_bytes());
    let (opcode, body) = request(wire, AUTH_RESPONSE, &body).await?;
    expect(opcode, &[AUTH_SUCCESS], &body)?;
    Ok("logged in")
}

/// One frame there, one frame back: its opcode and body.
async fn request(wire: &mut Wire, opcode: u8, body: &[u8]) -> Result<(u8, Vec<u8>), String> {
    let mut frame = vec![VERSION, 0, 0, 0, opcode];
    frame.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend(body);
    wire::write(wire, &frame).await?;
    let head = wire::read(wire, 9).await?;
    // The highest bit says that it is an answer; the version may be an older one.
    if head[0] & 0x80 == 0 || !(3..=6).contains(&(head[0] & 0x7f)) {
        return Err("its answer is no CQL".into());
    }
    let length = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Ok((head[4], wire::read(wire, length as usize).await?))
}

fn expect(opcode: u8, expected: &[u8], body: &[u8]) -> Result<(), String> {
    if expected.contains(&opcode) {
        return Ok(());
    }
    if opcode == ERROR && body.len() >= 6 {
        let said = take_text(&body[4..]).map(|(said, _)| said).unwrap_or_default();
        return Err(format!("refused: {said}"));
    }
    Err(format!("its answer has the unexpected opcode {opcode:#04x}"))
}

/// A text with its length in two bytes before it.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = take_short(bytes)?;
    let text = rest.get(..length)?;
    Some((String::from_utf8_lossy(text).into_owned(), &rest[length..]))
}

fn take_short(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    Some((usize::from(u16::from_be_bytes(*length)), rest))
}

/// The values of `name` in a SUPPORTED's multimap of texts.
fn supported(body: &[u8], name: &str) -> Option<Vec<String>> {
    let (keys, mut rest) = take_short(body)?;
    for _ in 0..keys {
        let (key, tail) = take_text(rest)?;
        let (count, mut tail) = take_short(tail)?;
        let mut values = Vec::new();
        for _ in 0..count {
            let (value, more) = take_text(tail)?;
            values.push(value);
            tail = more;
        }
        if key == name {
            return Some(values);
        }
        rest = tail;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::fake::serve;
    use super::*;
    use service::Secret;

    fn frame(opcode: u8, body: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x84, 0, 0, 0, opcode];
        frame.extend((body.len() as u32).to_be_bytes());
        frame.extend(body);
        frame
    }

    fn supported_body() -> Vec<u8> {
        let mut body = vec![0, 2];
        body.extend(text("COMPRESSION"));
        body.extend([0, 2]);
        body.extend([text("lz4"), text("snappy")].concat());
        body.extend(text("CQL_VERSION"));
        body.extend([0, 1]);
        body.extend(text("3.4.7"));
        body
    }

    /// A node that asks for the password `right`.
    async fn server() -> String {
        serve(|request| match request[4] {
            OPTIONS => frame(SUPPORTED, &supported_body()),
            STARTUP => frame(AUTHENTICATE, &text("org.apache.cassandra.auth.PasswordAuthenticator")),
            _ if request.ends_with(b"\0ada\0right") => frame(AUTH_SUCCESS, &[0xff; 4]),
            _ => frame(
                ERROR,
                &[&[0, 0, 1, 0][..], &text("Provided username ada and/or password are incorrect")].concat(),
            ),
        })
        .await
    }

    fn at(address: String, password: Option<&str>) -> Cassandra {
        Cassandra {
            nodes: vec![address],
            datacenter: None,
            username: password.map(|_| "ada".into()),
            password: password.map(Secret::new),
            tls: false,
            ca_file: None,
        }
    }

    #[tokio::test]
    async fn a_node_tells_its_version_and_lets_us_in() {
        let facts = check(&at(server().await, Some("right"))).await.unwrap();
        assert_eq!(facts.summary, "CQL 3.4.7, logged in");
        assert_eq!(facts.alerts, [""; 0]);
    }

    #[tokio::test]
    async fn refused_or_missing_credentials_are_said_and_not_shown() {
        let error = check(&at(server().await, Some("hush-hush"))).await.unwrap_err();
        assert!(error.contains("password are incorrect") && !error.contains("hush-hush"), "{error}");
        let error = check(&at(server().await, None)).await.unwrap_err();
        assert!(error.contains("none is configured"), "{error}");
    }

    #[tokio::test]
    async fn what_is_no_cassandra_is_told_apart() {
        let address = serve(|_| b"-ERR unknown command\r\n".to_vec()).await;
        let error = check(&at(address, None)).await.unwrap_err();
        assert!(error.contains("no CQL"), "{error}");
    }
}
