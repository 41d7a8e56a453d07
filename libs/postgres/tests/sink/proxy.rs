//! A proxy that reads PostgreSQL's protocol and interferes when it sees a certain statement.

use crate::server::{Db, within};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// What happens, once, when the client sends a statement that begins like this.
#[derive(Clone)]
enum Action {
    /// The connection ends before the server sees it.
    Cut,
    /// The server gets it, and the connection ends when it answers.
    CutReply,
    /// It waits until the test says so.
    Hold(Arc<Hold>),
}

#[derive(Default)]
pub struct Hold {
    reached: Notify,
    released: Notify,
}

impl Hold {
    /// Waits until the client has sent the statement.
    pub async fn reached(&self) {
        within(self.reached.notified()).await;
    }

    pub fn release(&self) {
        self.released.notify_one();
    }
}

type Rules = Arc<Mutex<Vec<(String, Action)>>>;

/// Listens on a port of its own; ends with the test.
pub struct Proxy {
    pub port: u16,
    rules: Rules,
    accepting: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    pub async fn new(db: &Db) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let rules = Rules::default();
        let (server, seen) = (db.address(), rules.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server.clone()).await.unwrap();
                tokio::spawn(relay(client, server, seen.clone()));
            }
        });
        Self { port, rules, accepting: accepting.abort_handle() }
    }

    fn on(&self, statement: &str, action: Action) {
        self.rules.lock().unwrap().push((statement.to_owned(), action));
    }

    pub fn cut_before(&self, statement: &str) {
        self.on(statement, Action::Cut);
    }

    pub fn cut_reply_to(&self, statement: &str) {
        self.on(statement, Action::CutReply);
    }

    pub fn hold(&self, statement: &str) -> Arc<Hold> {
        let hold = Arc::new(Hold::default());
        self.on(statement, Action::Hold(hold.clone()));
        hold
    }

    /// Every rule has been used.
    pub fn is_done(&self) -> bool {
        self.rules.lock().unwrap().is_empty()
    }
}

async fn relay(client: TcpStream, server: TcpStream, rules: Rules) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let cut = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let replies = {
        let cut = cut.clone();
        async move {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let read = from_server.read(&mut buffer).await.unwrap_or(0);
                let end = read == 0 || cut.load(std::sync::atomic::Ordering::SeqCst);
                if end || to_client.write_all(&buffer[..read]).await.is_err() {
                    return;
                }
            }
        }
    };
    let requests = async move {
        // The first message has no type.
        let Some(startup) = read_message(&mut from_client, false).await else { return };
        to_server.write_all(&startup).await.unwrap();
        let mut parsed = Parsed::default();
        while let Some(message) = read_message(&mut from_client, true).await {
            match take_rule(&rules, &message, &mut parsed) {
                Some(Action::Cut) => return,
                Some(Action::CutReply) => cut.store(true, std::sync::atomic::Ordering::SeqCst),
                Some(Action::Hold(hold)) => {
                    hold.reached.notify_one();
                    hold.released.notified().await;
                }
                None => {}
            }
            if to_server.write_all(&message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = replies => {}, () = requests => {} }
}

/// A whole message; `None` when the client is gone.
async fn read_message(from: &mut (impl AsyncRead + Unpin), typed: bool) -> Option<Vec<u8>> {
    let head = if typed { 5 } else { 4 };
    let mut message = vec![0; head];
    from.read_exact(&mut message).await.ok()?;
    let length = u32::from_be_bytes(message[head - 4..].try_into().unwrap()) as usize;
    message.resize(head - 4 + length, 0);
    from.read_exact(&mut message[head..]).await.ok()?;
    Some(message)
}

/// Prepared statements of a connection by name, and the one that was bound last.
#[derive(Default)]
struct Parsed {
    statements: HashMap<String, String>,
    bound: String,
}

/// The rule for a simple query, or for the execution of a prepared statement.
fn take_rule(rules: &Rules, message: &[u8], parsed: &mut Parsed) -> Option<Action> {
    let mut texts =
        message[5..].split(|b| *b == 0).map(|text| String::from_utf8_lossy(text).trim_start().to_owned());
    let statement = match message[0] {
        b'Q' => texts.next()?,
        b'P' => {
            let (name, text) = (texts.next()?, texts.next()?);
            parsed.statements.insert(name, text);
            return None;
        }
        b'B' => {
            // The portal comes first.
            parsed.bound = parsed.statements.get(&texts.nth(1)?)?.clone();
            return None;
        }
        b'E' => parsed.bound.clone(),
        _ => return None,
    };
    let mut rules = rules.lock().unwrap();
    let at = rules.iter().position(|(start, _)| statement.starts_with(start.as_str()))?;
    Some(rules.remove(at).1)
}
