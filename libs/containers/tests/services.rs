//! Starting, sharing, losing and missing containers, with Redis, which is quick.

use containers::services::{
    Container, ContainerError, Options, Purpose, Sharing, Spec, StartedHow, remove, start,
};
use containers::{Image, ImageProgress};
use std::time::Duration;

fn options(sharing: Sharing) -> Options {
    Options::new(Purpose::Test, sharing, ImageProgress::stderr()).unwrap()
}

/// A spec that nobody else asks for.
fn own(name: &str) -> Spec {
    Spec::of(Image::Redis).env("IBB_TEST", &format!("{name} {}", std::process::id()))
}

async fn shared(spec: &Spec) -> Container {
    start(spec.clone(), &options(Sharing::Shared)).await.unwrap()
}

/// Goal: of two that want the same at the same time one starts it, and both use it.
#[tokio::test]
async fn one_starts_it_and_the_other_finds_it() {
    let spec = own("sharing");
    let (one, two) = tokio::join!(shared(&spec), shared(&spec));
    assert_eq!((one.name(), one.id(), one.port(6379)), (two.name(), two.id(), two.port(6379)));
    let mut how = [one.startup().how, two.startup().how];
    how.sort_by_key(|how| *how != StartedHow::Started);
    assert_eq!(how, [StartedHow::Started, StartedHow::Found]);
    let name = one.name().to_owned();
    drop((one, two));
    // A handle that is dropped leaves it to the next.
    assert_eq!(shared(&spec).await.startup().how, StartedHow::Found);
    remove(&name).await.unwrap();
}

/// Goal: a shared one that died is replaced.
#[tokio::test]
async fn a_dead_one_is_replaced() {
    let spec = own("dying");
    let first = shared(&spec).await;
    let _ = first.exec(&["redis-cli", "shutdown", "nosave"]).await;
    let second = shared(&spec).await;
    assert_eq!(second.name(), first.name());
    assert_ne!(second.id(), first.id());
    assert_eq!(second.startup().how, StartedHow::Started);
    remove(second.name()).await.unwrap();
}

/// Goal: an exclusive one is killed, comes back at the same address, and goes with its handle.
#[tokio::test]
async fn an_exclusive_one_is_ours_alone() {
    let container = start(Spec::of(Image::Redis), &options(Sharing::Exclusive)).await.unwrap();
    let (name, port) = (container.name().to_owned(), container.port(6379));
    container.kill().await.unwrap();
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
    container.start_again().await.unwrap();
    assert_eq!(container.exec(&["redis-cli", "ping"]).await.unwrap().text.trim(), "PONG");
    drop(container);
    let left = containers::services::list(Purpose::Test).await.unwrap();
    assert!(left.iter().all(|container| container.name != name));
}

/// Goal: a service that ends instead of serving is told with its last lines, and nothing stays behind.
#[tokio::test]
async fn one_that_ends_is_told_with_its_log() {
    let spec = own("ending").command(&["redis-server", "--no-such-setting", "1"]);
    let error = start(spec, &options(Sharing::Exclusive)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ContainerError::Ended { .. }), "{text}");
    assert!(text.contains("ended with code 1") && text.contains("no-such-setting"), "{text}");
}

/// Goal: a service that runs and never answers is told with what was last heard, its limit and its last lines.
#[tokio::test]
async fn one_that_never_serves_is_told_with_its_log() {
    let mut spec = own("silent").command(&["sh", "-c", "echo waiting for nothing; exec sleep 300"]);
    spec.start_limit = Duration::from_secs(2);
    let error = start(spec, &options(Sharing::Exclusive)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ContainerError::NeverReady { .. }), "{text}");
    assert!(text.contains("was not ready within 2 s") && text.contains("waiting for nothing"), "{text}");
}
