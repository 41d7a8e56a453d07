//! A proxy to one broker that reads Kafka's frames: it leads clients back to itself, and can lose exactly one EndTxn.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const END_TXN: i16 = 26;

/// What happens to the next EndTxn; then every connection is cut until [`KafkaProxy::heal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The broker does not get it.
    LoseRequest,
    /// The broker gets it, its answer is lost.
    LoseAnswer,
}

pub struct KafkaProxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    /// What the broker may call itself, and what clients are told: host and port as in Kafka's answers.
    advertised: Vec<(Vec<u8>, Vec<u8>)>,
    armed: Mutex<Option<Fault>>,
    /// Whether connections are cut.
    cut: watch::Sender<bool>,
}

impl KafkaProxy {
    pub async fn to(broker: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (_, broker_port) = broker.rsplit_once(':').unwrap();
        let broker_port: u16 = broker_port.parse().unwrap();
        let named = |host: &str, port: u16| [host.as_bytes(), &i32::from(port).to_be_bytes()].concat();
        let both = |host| (named(host, broker_port), named(host, port));
        let shared = Arc::new(Shared {
            target: broker.to_owned(),
            advertised: ["localhost", "127.0.0.1"].map(both).into(),
            armed: Mutex::new(None),
            cut: watch::Sender::new(false),
        });
        let accepting = shared.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, accepting.clone()));
            }
        });
        Self { port, shared }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn arm(&self, fault: Fault) {
        *self.shared.armed.lock().unwrap() = Some(fault);
    }

    /// Waits until the fault has happened.
    pub async fn struck(&self) {
        self.shared.cut.subscribe().wait_for(|cut| *cut).await.unwrap();
    }

    pub fn heal(&self) {
        self.shared.cut.send_replace(false);
    }
}

async fn connection(client: TcpStream, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    if *cut.borrow() {
        return;
    }
    let Ok(server) = TcpStream::connect(&shared.target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // The correlation id of the answer to lose.
    let lost = Mutex::new(None);
    tokio::select! {
        () = requests(from_client, to_server, &shared, &lost) => {}
        () = answers(from_server, to_client, &shared, &lost) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}

async fn frame(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let length = from.read_i32().await.ok()?;
    let mut frame = vec![0; usize::try_from(length).ok()?];
    from.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

async fn forward(to: &mut OwnedWriteHalf, frame: &[u8]) -> Option<()> {
    to.write_all(&(frame.len() as i32).to_be_bytes()).await.ok()?;
    to.write_all(frame).await.ok()
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    lost: &Mutex<Option<[u8; 4]>>,
) {
    while let Some(frame) = frame(&mut from).await {
        if i16::from_be_bytes([frame[0], frame[1]]) == END_TXN {
            match shared.armed.lock().unwrap().take() {
                Some(Fault::LoseRequest) => {
                    shared.cut.send_replace(true);
                    return;
                }
                Some(Fault::LoseAnswer) => *lost.lock().unwrap() = frame[4..8].try_into().ok(),
                None => {}
            }
        }
        if forward(&mut to, &frame).await.is_none() {
            return;
        }
    }
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    lost: &Mutex<Option<[u8; 4]>>,
) {
    while let Some(mut frame) = frame(&mut from).await {
        if lost.lock().unwrap().is_some_and(|id| frame[..4] == id) {
            shared.cut.send_replace(true);
            return;
        }
        lead_back(&mut frame, &shared.advertised);
        if forward(&mut to, &frame).await.is_none() {
            return;
        }
    }
}

/// Replaces the broker's address by ours, which is as long.
fn lead_back(frame: &mut [u8], advertised: &[(Vec<u8>, Vec<u8>)]) {
    for (theirs, ours) in advertised {
        let starts = 0..(frame.len() + 1).saturating_sub(theirs.len());
        let found: Vec<usize> = starts.filter(|at| frame[*at..].starts_with(theirs)).collect();
        for at in found {
            frame[at..at + ours.len()].copy_from_slice(ours);
        }
    }
}
