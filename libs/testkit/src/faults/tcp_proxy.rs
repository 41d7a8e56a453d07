//! A network between a program and a service that is slow, narrow, torn or silent, as the test says while it runs.

use std::collections::VecDeque;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Read at most this much at a time.
const CHUNK: usize = 16 << 10;
/// On the way in each direction at most; beyond it the sender is not read.
const IN_FLIGHT_MAX: usize = 1 << 20;

/// How the network is now. The default lets everything through at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Added to every byte, in each direction. Bytes overlap on their way, as on a real line.
    pub latency: Duration,
    /// Of each connection, in each direction.
    pub bytes_per_second: Option<NonZeroU64>,
    /// No write is larger: messages arrive in pieces.
    pub slice: Option<NonZeroUsize>,
    /// Connections stay open, new ones are accepted, and nothing arrives any more.
    pub blackhole: bool,
    /// Connections are reset, new ones too.
    pub cut: bool,
}

/// Listens on a port of this machine and leads to one address. Ends when dropped.
pub struct TcpProxy {
    port: u16,
    target: watch::Sender<String>,
    conditions: watch::Sender<Conditions>,
    resets: watch::Sender<u64>,
    counts: Arc<Counts>,
    accepting: AbortHandle,
}

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    resets: AtomicU64,
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        // Connections end with the proxy.
        self.resets.send_modify(|resets| *resets += 1);
    }
}

impl TcpProxy {
    /// A proxy to `target`, which is `host:port`.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn to(target: impl Into<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (conditions, seen) = watch::channel(Conditions::default());
        let (resets, reset) = watch::channel(0);
        let (target, leads_to) = watch::channel(target.into());
        let counts = Arc::new(Counts::default());
        let counted = counts.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.connections.fetch_add(1, Ordering::Relaxed);
                let (target, counts) = (leads_to.borrow().clone(), counted.clone());
                tokio::spawn(connection(client, target, seen.clone(), reset.clone(), counts));
            }
        });
        Self { port, target, conditions, resets, counts, accepting: accepting.abort_handle() }
    }

    /// Leads new connections elsewhere: a service that must know the proxy's address starts after it.
    pub fn lead_to(&self, target: impl Into<String>) {
        self.target.send_replace(target.into());
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:<port>`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Changes the network, for open connections too.
    pub fn change(&self, change: impl FnOnce(&mut Conditions)) {
        self.conditions.send_modify(change);
    }

    /// Resets every open connection (RST, not a polite end). New ones are welcome.
    pub fn reset_all(&self) {
        self.resets.send_modify(|resets| *resets += 1);
    }

    /// Resets every connection and every new one, until [`TcpProxy::restore`].
    pub fn cut(&self) {
        self.change(|conditions| conditions.cut = true);
        self.reset_all();
    }

    /// A network without faults again.
    pub fn restore(&self) {
        self.conditions.send_replace(Conditions::default());
    }

    /// How many connections were made so far: a test checks that a fault met one.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How many of them were reset.
    pub fn resets(&self) -> u64 {
        self.counts.resets.load(Ordering::Relaxed)
    }
}

async fn connection(
    client: TcpStream,
    target: String,
    conditions: watch::Receiver<Conditions>,
    mut reset: watch::Receiver<u64>,
    counts: Arc<Counts>,
) {
    reset.mark_unchanged();
    let refuse = |client: TcpStream| {
        counts.resets.fetch_add(1, Ordering::Relaxed);
        let _ = client.set_zero_linger();
    };
    if conditions.borrow().cut {
        return refuse(client);
    }
    let Ok(server) = TcpStream::connect(&target).await else { return refuse(client) };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let both = async {
        tokio::join!(
            pump(&mut from_client, &mut to_server, conditions.clone()),
            pump(&mut from_server, &mut to_client, conditions.clone()),
        );
    };
    let was_reset = tokio::select! { () = both => false, _ = reset.changed() => true };
    if was_reset {
        counts.resets.fetch_add(1, Ordering::Relaxed);
        // What is dropped with this set is reset at once, unless the write half ends it politely before.
        let _ = (from_client.as_ref().set_zero_linger(), from_server.as_ref().set_zero_linger());
        to_client.forget();
        to_server.forget();
    }
}

/// One direction, until its end or an error.
async fn pump(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut conditions: watch::Receiver<Conditions>,
) {
    let mut buffer = vec![0; CHUNK];
    let mut on_the_way: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let (mut in_flight, mut ended) = (0, false);
    // When the narrow line is free again.
    let mut free = Instant::now();
    loop {
        let now = *conditions.borrow_and_update();
        let due = on_the_way.front().map(|(due, _)| *due);
        tokio::select! {
            changed = conditions.changed() => if changed.is_err() { return },
            read = from.read(&mut buffer), if !ended && in_flight < IN_FLIGHT_MAX => match read {
                Ok(count @ 1..) => {
                    let bytes = buffer[..count].to_vec();
                    in_flight += bytes.len();
                    let begin = free.max(Instant::now());
                    free = begin + on_the_line(bytes.len(), now.bytes_per_second);
                    on_the_way.push_back((free + now.latency, bytes));
                }
                Ok(_) | Err(_) => ended = true,
            },
            // Not a wait for a condition: the time is what is simulated.
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() && !now.blackhole => {
                let Some((_, bytes)) = on_the_way.pop_front() else { continue };
                in_flight -= bytes.len();
                for slice in bytes.chunks(now.slice.map_or(CHUNK, NonZeroUsize::get)) {
                    if to.write_all(slice).await.is_err() {
                        return;
                    }
                    if now.slice.is_some() {
                        tokio::task::yield_now().await;
                    }
                }
            }
        }
        if ended && on_the_way.is_empty() {
            let _ = to.shutdown().await;
            return;
        }
    }
}

fn on_the_line(bytes: usize, bytes_per_second: Option<NonZeroU64>) -> Duration {
    match bytes_per_second {
        Some(rate) => Duration::from_secs_f64(bytes as f64 / rate.get() as f64),
        None => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    /// A server that sends back what it gets.
    async fn echo() -> (TcpProxy, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        let proxy = TcpProxy::to(address).await;
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        (proxy, client)
    }

    async fn round_trip(client: &mut TcpStream, bytes: &[u8]) -> std::io::Result<Duration> {
        let begun = Instant::now();
        client.write_all(bytes).await?;
        let mut back = vec![0; bytes.len()];
        client.read_exact(&mut back).await?;
        assert_eq!(back, bytes);
        Ok(begun.elapsed())
    }

    #[tokio::test]
    async fn bytes_arrive_whole_also_in_slices() {
        let (proxy, mut client) = echo().await;
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let (mut from, mut to) = client.split();
        let mut back = vec![0; bytes.len()];
        let (sent, got) = tokio::join!(to.write_all(&bytes), from.read_exact(&mut back));
        sent.and(got.map(drop)).unwrap();
        assert_eq!(back, bytes);
        proxy.change(|conditions| conditions.slice = NonZeroUsize::new(7));
        round_trip(&mut client, &bytes[..1000]).await.unwrap();
        assert_eq!((proxy.connections(), proxy.resets()), (1, 0));
    }

    #[tokio::test]
    async fn latency_and_bandwidth_take_their_time() {
        let (proxy, mut client) = echo().await;
        proxy.change(|conditions| conditions.latency = Duration::from_millis(30));
        assert!(round_trip(&mut client, b"a").await.unwrap() >= Duration::from_millis(60));
        proxy.restore();
        proxy.change(|conditions| conditions.bytes_per_second = NonZeroU64::new(100_000));
        assert!(round_trip(&mut client, &[1; 5_000]).await.unwrap() >= Duration::from_millis(100));
    }

    #[tokio::test]
    async fn a_blackhole_holds_everything_and_then_lets_it_go() {
        let (proxy, mut client) = echo().await;
        round_trip(&mut client, b"before").await.unwrap();
        proxy.change(|conditions| conditions.blackhole = true);
        client.write_all(b"held").await.unwrap();
        let mut back = [0; 4];
        let silent = tokio::time::timeout(Duration::from_millis(50), client.read_exact(&mut back)).await;
        assert!(silent.is_err());
        proxy.restore();
        client.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"held");
    }

    #[tokio::test]
    async fn a_cut_resets_and_a_restored_network_works() {
        let (proxy, mut client) = echo().await;
        round_trip(&mut client, b"before").await.unwrap();
        proxy.cut();
        let error = client.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(round_trip(&mut refused, b"cut").await.is_err());
        assert_eq!(proxy.resets(), 2);
        proxy.restore();
        let mut again = TcpStream::connect(proxy.address()).await.unwrap();
        round_trip(&mut again, b"after").await.unwrap();
    }
}
