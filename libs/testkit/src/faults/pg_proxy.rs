//! A proxy that reads PostgreSQL's protocol, and interferes at a statement or exactly at the reply to a COMMIT.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Nothing that is waited for takes longer on any machine that works.
const DEADLINE: Duration = Duration::from_secs(60);
/// The number that asks for TLS in the place of a version.
const SSL_REQUEST: u32 = 80_877_103;

/// What happens, once, when the client sends a statement that begins like this.
#[derive(Clone)]
enum Action {
    /// The connection ends before the server sees it.
    Cut,
    /// The server gets it, and the connection ends in place of its answer.
    CutReply,
    /// It waits until the test says so.
    Hold(Arc<Hold>),
}

/// A statement that was stopped on its way.
#[derive(Default)]
pub struct Hold {
    reached: Notify,
    released: Notify,
}

impl Hold {
    /// Waits until the client has sent the statement.
    ///
    /// # Panics
    /// After a minute.
    pub async fn reached(&self) {
        tokio::time::timeout(DEADLINE, self.reached.notified()).await.expect("the statement never came");
    }

    pub fn release(&self) {
        self.released.notify_one();
    }
}

/// Listens on a port of its own; ends with the test.
pub struct PgProxy {
    port: u16,
    rules: Arc<Rules>,
    accepting: AbortHandle,
}

#[derive(Default)]
struct Rules {
    statements: Mutex<Vec<(String, Action)>>,
    /// The reply to which COMMIT, counted from now on, is cut; 0: none.
    cut_commit_in: AtomicU64,
    commits: AtomicU64,
    commits_cut: AtomicU64,
}

impl Drop for PgProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl PgProxy {
    /// A proxy to the server at `target`, which is `host:port`. Clients must not ask for TLS.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn to(target: impl Into<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let rules = Arc::<Rules>::default();
        let (target, seen) = (target.into(), rules.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A server that is down refuses the client too.
                let Ok(server) = TcpStream::connect(&target).await else { continue };
                tokio::spawn(relay(client, server, seen.clone()));
            }
        });
        Self { port, rules, accepting: accepting.abort_handle() }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn on(&self, statement: &str, action: Action) {
        lock(&self.rules.statements).push((statement.to_owned(), action));
    }

    /// The connection that sends such a statement ends before the server sees it.
    pub fn cut_before(&self, statement: &str) {
        self.on(statement, Action::Cut);
    }

    /// The server executes such a statement, and its reply is lost with the connection.
    pub fn cut_reply_to(&self, statement: &str) {
        self.on(statement, Action::CutReply);
    }

    /// Such a statement waits until [`Hold::release`].
    pub fn hold(&self, statement: &str) -> Arc<Hold> {
        let hold = Arc::new(Hold::default());
        self.on(statement, Action::Hold(hold.clone()));
        hold
    }

    /// Every rule about a statement has been used.
    pub fn is_done(&self) -> bool {
        lock(&self.rules.statements).is_empty()
    }

    /// From now on, the `n`th time (from 1) that the server says `COMMIT` is done, the connection is reset in place of
    /// that reply: the transaction is committed, and the client does not know.
    pub fn cut_commit_reply(&self, n: u64) {
        self.rules.cut_commit_in.store(n, Ordering::SeqCst);
    }

    /// How many COMMITs the server has confirmed, cut ones included.
    pub fn commits(&self) -> u64 {
        self.rules.commits.load(Ordering::SeqCst)
    }

    /// How many of these replies were cut.
    pub fn commits_cut(&self) -> u64 {
        self.rules.commits_cut.load(Ordering::SeqCst)
    }
}

impl Rules {
    /// Whether this reply is the one to cut.
    fn cuts(&self, reply: &[u8]) -> bool {
        if reply.first() != Some(&b'C') || reply.get(5..) != Some(b"COMMIT\0") {
            return false;
        }
        self.commits.fetch_add(1, Ordering::SeqCst);
        let left = self.cut_commit_in.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        let cut = left == Ok(1);
        self.commits_cut.fetch_add(u64::from(cut), Ordering::SeqCst);
        cut
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn relay(client: TcpStream, server: TcpStream, rules: Arc<Rules>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let (mut from_client, mut from_server) = (BufReader::new(from_client), BufReader::new(from_server));
    let cut = AtomicBool::new(false);
    let replies = async {
        while let Some(reply) = read_message(&mut from_server, true).await {
            if cut.load(Ordering::SeqCst) || rules.cuts(&reply) {
                return;
            }
            if to_client.write_all(&reply).await.is_err() {
                return;
            }
        }
    };
    let requests = async {
        // The first message has no type.
        let Some(startup) = read_message(&mut from_client, false).await else { return };
        let asks_for_tls = startup.get(4..8) == Some(&SSL_REQUEST.to_be_bytes());
        if asks_for_tls || to_server.write_all(&startup).await.is_err() {
            return;
        }
        let mut parsed = Parsed::default();
        while let Some(message) = read_message(&mut from_client, true).await {
            match take_rule(&rules, &message, &mut parsed) {
                Some(Action::Cut) => return,
                Some(Action::CutReply) => cut.store(true, Ordering::SeqCst),
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

/// A whole message; `None` when the other side is gone.
async fn read_message(from: &mut (impl AsyncRead + Unpin), typed: bool) -> Option<Vec<u8>> {
    let head = if typed { 5 } else { 4 };
    let mut message = vec![0; head];
    from.read_exact(&mut message).await.ok()?;
    let length = u32::from_be_bytes(message[head - 4..].try_into().ok()?) as usize;
    message.resize((head - 4 + length).max(head), 0);
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
    let mut rules = lock(&rules.statements);
    let at = rules.iter().position(|(start, _)| statement.starts_with(start.as_str()))?;
    Some(rules.remove(at).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind];
        message.extend((body.len() as u32 + 4).to_be_bytes());
        message.extend(body);
        message
    }

    /// Goal: exactly the reply that was asked for is cut, and no other reply counts.
    #[test]
    fn the_nth_commit_is_cut_once() {
        let rules = Rules::default();
        rules.cut_commit_in.store(2, Ordering::SeqCst);
        let replies =
            ["COMMIT\0", "SELECT 1\0", "COMMIT\0", "COMMIT\0"].map(|tag| message(b'C', tag.as_bytes()));
        assert_eq!(replies.map(|reply| rules.cuts(&reply)), [false, false, true, false]);
        assert!(!rules.cuts(&message(b'D', b"COMMIT\0")));
        assert_eq!(rules.commits.load(Ordering::SeqCst), 3);
        assert_eq!(rules.commits_cut.load(Ordering::SeqCst), 1);
    }

    /// Goal: a prepared statement is known when it is executed, not when it is prepared.
    #[test]
    fn prepared_statements_are_followed() {
        let (rules, mut parsed) = (Rules::default(), Parsed::default());
        lock(&rules.statements).push(("UPDATE".into(), Action::Cut));
        let mut taken = |kind, body: &[u8]| take_rule(&rules, &message(kind, body), &mut parsed).is_some();
        assert!(!taken(b'P', b"s1\0UPDATE t SET a = 1\0\0\0"));
        assert!(!taken(b'B', b"\0s1\0\0\0"));
        assert!(taken(b'E', b"\0\0\0\0\0"));
        assert!(!taken(b'Q', b"UPDATE t SET a = 2\0"));
    }
}
