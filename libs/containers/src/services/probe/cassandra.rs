//! The CQL handshake and one query.

use super::{NotYet, connect, said};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const STARTUP: u8 = 0x01;
const READY: u8 = 0x02;
const QUERY: u8 = 0x07;
const RESULT: u8 = 0x08;
const VERSION_4: u8 = 0x04;
/// An answer of one row is small.
const ANSWER_BYTES_MAX: usize = 1 << 16;

pub(super) async fn query(port: u16) -> Result<(), NotYet> {
    let mut stream = connect(port).await?;
    let mut startup = vec![0, 1];
    for text in ["CQL_VERSION", "3.0.0"] {
        startup.extend((text.len() as u16).to_be_bytes());
        startup.extend(text.as_bytes());
    }
    expect(&mut stream, STARTUP, &startup, READY).await?;
    let text = "SELECT release_version FROM system.local";
    let mut query = (text.len() as i32).to_be_bytes().to_vec();
    query.extend(text.as_bytes());
    // Consistency one, no flags.
    query.extend([0, 1, 0]);
    expect(&mut stream, QUERY, &query, RESULT).await
}

async fn expect(stream: &mut TcpStream, opcode: u8, body: &[u8], wanted: u8) -> Result<(), NotYet> {
    let mut frame = vec![VERSION_4, 0, 0, 0, opcode];
    frame.extend((body.len() as i32).to_be_bytes());
    frame.extend(body);
    stream.write_all(&frame).await.map_err(said)?;
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.map_err(said)?;
    let length = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize;
    let mut answer = vec![0; length.min(ANSWER_BYTES_MAX)];
    stream.read_exact(&mut answer).await.map_err(said)?;
    if head[4] == wanted {
        return Ok(());
    }
    Err(format!("CQL answer {:#04x}: {}", head[4], String::from_utf8_lossy(&answer)))
}
