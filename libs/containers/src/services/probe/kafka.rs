//! One `Metadata` request: a broker that lists itself and names a controller takes work.

use super::{NotYet, connect, said};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const METADATA: i16 = 3;
/// Old enough for a fixed layout, new enough to be answered by Kafka 4.
const VERSION: i16 = 1;
const CORRELATION: i32 = 1;
/// An answer without topics is small.
const ANSWER_BYTES_MAX: usize = 1 << 16;

pub(super) async fn metadata(port: u16) -> Result<(), NotYet> {
    let mut stream = connect(port).await?;
    stream.write_all(&request()).await.map_err(said)?;
    let length = stream.read_i32().await.map_err(said)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > ANSWER_BYTES_MAX {
        return Err(format!("an answer of {length} bytes"));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.map_err(said)?;
    match brokers_and_controller(&answer) {
        Some((1.., 0..)) => Ok(()),
        Some((brokers, controller)) => Err(format!("{brokers} brokers, controller {controller}")),
        None => Err("an answer that is no metadata".to_owned()),
    }
}

fn request() -> Vec<u8> {
    let client = b"ibb";
    let mut body = Vec::new();
    body.extend(METADATA.to_be_bytes());
    body.extend(VERSION.to_be_bytes());
    body.extend(CORRELATION.to_be_bytes());
    body.extend((client.len() as i16).to_be_bytes());
    body.extend(client);
    // No topics.
    body.extend(0_i32.to_be_bytes());
    let mut request = (body.len() as i32).to_be_bytes().to_vec();
    request.extend(body);
    request
}

fn brokers_and_controller(answer: &[u8]) -> Option<(i32, i32)> {
    let mut rest = answer;
    (take_i32(&mut rest)? == CORRELATION).then_some(())?;
    let brokers = take_i32(&mut rest)?;
    for _ in 0..brokers {
        take_i32(&mut rest)?; // its number
        take_string(&mut rest)?; // its host
        take_i32(&mut rest)?; // its port
        take_string(&mut rest)?; // its rack
    }
    Some((brokers, take_i32(&mut rest)?))
}

fn take_i32(rest: &mut &[u8]) -> Option<i32> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    Some(i32::from_be_bytes(*head))
}

/// A string, which may be null.
fn take_string(rest: &mut &[u8]) -> Option<()> {
    let (head, tail) = rest.split_first_chunk::<2>()?;
    let length = usize::try_from(i16::from_be_bytes(*head)).unwrap_or(0);
    *rest = tail.get(length..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: brokers with and without a rack are passed over, and what is cut short is no answer.
    #[test]
    fn answers_are_read() {
        let mut answer = vec![0, 0, 0, 1, 0, 0, 0, 2];
        answer.extend([0, 0, 0, 7, 0, 1, b'a', 0, 0, 35, 132, 255, 255]);
        answer.extend([0, 0, 0, 8, 0, 1, b'b', 0, 0, 35, 132, 0, 1, b'r']);
        answer.extend([0, 0, 0, 7]);
        assert_eq!(brokers_and_controller(&answer), Some((2, 7)));
        for end in 0..answer.len() {
            assert_eq!(brokers_and_controller(&answer[..end]), None);
        }
    }
}
