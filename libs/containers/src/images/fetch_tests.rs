//! The fetcher against an HTTP server on this machine.

use std::sync::Mutex;
use std::sync::{Arc, atomic::AtomicUsize};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const BODY: &[u8] = b"the bytes of a jar, long enough to be cut";

/// What the server does with a request for a file.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Whole,
    /// Sends half of what it promised, the first time.
    CutOnce,
    /// Says 503 the first time.
    BusyOnce,
    Missing,
}

struct Registry {
    url: String,
    requests: Arc<AtomicUsize>,
    ranges: Arc<Mutex<Vec<String>>>,
}

async fn registry(habit: Habit) -> Registry {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, ranges) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, seen) = (Arc::clone(&requests), Arc::clone(&ranges));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (counted, seen) = (Arc::clone(&counted), Arc::clone(&seen));
            tokio::spawn(async move { answer(stream, habit, &counted, &seen).await });
        }
    });
    Registry { url, requests, ranges }
}

/// One request per connection.
async fn answer(mut stream: TcpStream, habit: Habit, requests: &AtomicUsize, ranges: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    let reply = |status: &str, body: &[u8]| {
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let bytes = if request.starts_with("get /simple/") {
        reply("200 OK", b"<a href=\"../../files/x-1.whl#sha256=00\">x-1.whl</a>")
    } else {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        let from = request.lines().find_map(|line| line.strip_prefix("range: bytes=")).map(|range| {
            ranges.lock().unwrap().push(range.to_string());
            range.trim_end_matches('-').parse::<usize>().unwrap()
        });
        let whole = match from {
            Some(from) => reply("206 Partial Content", &BODY[from..]),
            None => reply("200 OK", BODY),
        };
        match (habit, number) {
            (Habit::CutOnce, 0) => whole[..whole.len() - BODY.len() / 2].to_vec(),
            (Habit::BusyOnce, 0) => reply("503 Service Unavailable", b""),
            (Habit::Missing, _) => reply("404 Not Found", b""),
            (Habit::Whole | Habit::CutOnce | Habit::BusyOnce, _) => whole,
        }
    };
    stream.write_all(&bytes).await.unwrap();
    // The reader sees the end; an error means that it left earlier.
    let _ = stream.shutdown().await;
}

fn artifact(sha256: String, source: Source) -> Artifact {
    Artifact { sha256, bytes: BODY.len() as u64, source, target: "libs/x.jar".to_string() }
}

fn jar() -> Artifact {
    let path = "org/x/x/1/x-1.jar".to_string();
    artifact(crate::images::recipe::hex(&Sha256::digest(BODY)), Source::Maven { path })
}

fn fetcher(cache: &Path, registry: &Registry) -> Fetcher {
    impatient(Fetcher::from(cache, registry.url.clone(), registry.url.clone()).unwrap())
}

fn impatient(mut fetcher: Fetcher) -> Fetcher {
    fetcher.pause = Duration::from_millis(1);
    fetcher
}

async fn fetch(fetcher: &Fetcher, artifact: &Artifact) -> Result<(), ImageError> {
    fetcher.fetch_all("x", std::slice::from_ref(artifact), &ImageProgress::silent()).await
}

/// The names in the cache's folder of artifacts.
fn kept(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache.join("artifacts")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_wrong_checksum_names_the_file_and_both_sums_and_keeps_nothing() {
    let (cache, registry) = (tempfile::tempdir().unwrap(), registry(Habit::Whole).await);
    let expected = "0".repeat(64);
    let wrong = artifact(expected.clone(), jar().source);
    let error = fetch(&fetcher(cache.path(), &registry), &wrong).await.unwrap_err().to_string();
    for part in [registry.url.as_str(), "x-1.jar", &expected, &jar().sha256, "was removed"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(kept(cache.path()), Vec::<String>::new());
    assert_eq!(registry.requests.load(Ordering::SeqCst), 1, "the registry said it, once");
}

#[tokio::test]
async fn two_at_once_fetch_once() {
    let (cache, registry) = (tempfile::tempdir().unwrap(), registry(Habit::Whole).await);
    let (one, two) = (fetcher(cache.path(), &registry), fetcher(cache.path(), &registry));
    let jar = jar();
    let (first, second) = tokio::join!(fetch(&one, &jar), fetch(&two, &jar));
    first.unwrap();
    second.unwrap();
    assert_eq!(registry.requests.load(Ordering::SeqCst), 1);
    assert_eq!(kept(cache.path()), std::slice::from_ref(&jar.sha256));
    assert_eq!(fs::read(one.path(&jar)).unwrap(), BODY);
}

#[tokio::test]
async fn a_cut_download_goes_on_where_it_broke_off() {
    let (cache, registry) = (tempfile::tempdir().unwrap(), registry(Habit::CutOnce).await);
    let jar = jar();
    let fetcher = fetcher(cache.path(), &registry);
    fetch(&fetcher, &jar).await.unwrap();
    assert_eq!(*registry.ranges.lock().unwrap(), [format!("{}-", BODY.len() - BODY.len() / 2)]);
    assert_eq!(fs::read(fetcher.path(&jar)).unwrap(), BODY);
}

#[tokio::test]
async fn a_damaged_part_of_an_earlier_run_is_fetched_afresh() {
    let (cache, registry) = (tempfile::tempdir().unwrap(), registry(Habit::Whole).await);
    let jar = jar();
    let fetcher = fetcher(cache.path(), &registry);
    fs::write(cache.path().join("artifacts").join(format!("{}.part", jar.sha256)), "damaged").unwrap();
    fetch(&fetcher, &jar).await.unwrap();
    assert_eq!(registry.requests.load(Ordering::SeqCst), 2, "the rest, then the whole");
    assert_eq!(fs::read(fetcher.path(&jar)).unwrap(), BODY);
}

#[tokio::test]
async fn a_busy_server_is_tried_again_and_a_missing_file_is_not() {
    let (cache, busy) = (tempfile::tempdir().unwrap(), registry(Habit::BusyOnce).await);
    fetch(&fetcher(cache.path(), &busy), &jar()).await.unwrap();
    assert_eq!(busy.requests.load(Ordering::SeqCst), 2);

    let (cache, missing) = (tempfile::tempdir().unwrap(), registry(Habit::Missing).await);
    let error = fetch(&fetcher(cache.path(), &missing), &jar()).await.unwrap_err().to_string();
    assert!(error.contains("404 Not Found") && error.contains("IBB_MAVEN_URL"), "{error}");
    assert_eq!(missing.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_named_without_its_password() {
    let cache = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fetcher =
        impatient(Fetcher::from(cache.path(), format!("http://me:secret@{free}"), String::new()).unwrap());
    let error = fetch(&fetcher, &jar()).await.unwrap_err().to_string();
    assert!(error.contains(&format!("http://{free}/org/x")) && error.contains("refused"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_wheel_is_found_on_its_index_page() {
    let (cache, registry) = (tempfile::tempdir().unwrap(), registry(Habit::Whole).await);
    let source = |filename: &str| Source::PyPi { package: "x".to_string(), filename: filename.to_string() };
    let fetcher = fetcher(cache.path(), &registry);
    fetch(&fetcher, &artifact(jar().sha256, source("x-1.whl"))).await.unwrap();
    assert_eq!(fs::read(fetcher.path(&jar())).unwrap(), BODY);
    let error = fetch(&fetcher, &artifact("1".repeat(64), source("x-2.whl"))).await.unwrap_err().to_string();
    assert!(error.contains("/simple/x/ cannot be downloaded (x-2.whl is not listed there)"), "{error}");
}
