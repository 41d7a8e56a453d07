//! The admin server over real HTTP.

use std::time::Instant;

use service::{
    Admin, AdminAddr, AdminState, Environment, Exit, Failure, Health, Metrics, ProgramInfo, Status,
    TapRefusal, Taps,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

fn state(health: &Health, status: &Status) -> AdminState {
    AdminState {
        program: ProgramInfo::new("probe", "1.2.3"),
        pipeline: "orders".to_owned(),
        environment: Environment::Production,
        started: Instant::now(),
        health: health.clone(),
        status: status.clone(),
        metrics: Metrics::install().unwrap(),
        taps: Taps::new(true),
    }
}

async fn start(addr: Option<&str>) -> Result<Option<Admin>, Failure> {
    let addr: Option<AdminAddr> = addr.map(|addr| addr.parse().unwrap());
    Admin::start(addr.as_ref(), state(&Health::default(), &Status::default())).await
}

/// Status code and body.
async fn get(admin: &Admin, path: &str) -> (u16, String) {
    get_as("localhost", admin, path).await
}

/// As a browser asks that was told to go to `host`.
async fn get_as(host: &str, admin: &Admin, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(admin.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn json((code, body): (u16, String)) -> (u16, serde_json::Value) {
    (code, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn readiness_follows_the_components() {
    let (health, status) = (Health::default(), Status::default());
    let addr = "127.0.0.1:0".parse().unwrap();
    let admin = Admin::start(Some(&addr), state(&health, &status)).await.unwrap().unwrap();
    assert_eq!(get(&admin, "/readyz").await.0, 503, "nothing is registered yet");
    assert_eq!(get(&admin, "/livez").await.0, 200);

    let (input, output) = (health.component("kafka"), health.component("postgresql"));
    input.connected();
    let (code, body) = json(get(&admin, "/readyz").await);
    assert_eq!((code, &body["status"]), (503, &"starting".into()));
    assert_eq!(body["components"]["kafka"]["state"], "connected");
    assert_eq!(body["components"]["postgresql"]["state"], "connecting");

    output.connected();
    for path in ["/readyz", "/health"] {
        assert_eq!(get(&admin, path).await.0, 200, "{path}");
    }
    output.failed("refused");
    let (code, body) = json(get(&admin, "/health").await);
    assert_eq!((code, &body["components"]["postgresql"]["reason"]), (503, &"refused".into()));
    assert_eq!(get(&admin, "/healthz").await.0, 200, "a lost output is no reason to restart");

    health.fatal("the state is lost");
    for path in ["/livez", "/healthz"] {
        assert_eq!(json(get(&admin, path).await).1["fatal"], "the state is lost", "{path}");
        assert_eq!(get(&admin, path).await.0, 503, "{path}");
    }
}

#[tokio::test]
async fn status_and_metrics_are_served() {
    let (health, status) = (Health::default(), Status::default());
    let addr = "127.0.0.1:0".parse().unwrap();
    let admin = Admin::start(Some(&addr), state(&health, &status)).await.unwrap().unwrap();
    status.set("checkpoint", serde_json::json!({"epoch": 7}));
    let (code, body) = json(get(&admin, "/status").await);
    assert_eq!(code, 200);
    assert_eq!((&body["program"], &body["version"]), (&"probe".into(), &"1.2.3".into()));
    assert_eq!((&body["pipeline"], &body["environment"]), (&"orders".into(), &"production".into()));
    assert_eq!(body["sections"]["checkpoint"]["epoch"], 7);
    assert_eq!(body["uptime_seconds"], 0);
    assert_eq!(body["health"]["status"], "starting");
    assert_eq!(body["tap"], false, "the program shows no rows");

    metrics::counter!("ibb_probe_rows_total", "sink" => "stdout").increment(3);
    metrics::histogram!("ibb_probe_commit_seconds").record(0.004);
    let (code, text) = get(&admin, "/metrics").await;
    assert_eq!(code, 200);
    assert!(text.contains("ibb_probe_rows_total{sink=\"stdout\"} 3"), "{text}");
    assert!(text.contains("ibb_probe_commit_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    assert_eq!(get(&admin, "/nothing").await.0, 404);
}

#[tokio::test]
async fn a_taken_port_is_an_error_only_when_asked_for() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let failure = start(Some(&addr)).await.err().unwrap();
    assert_eq!(failure.exit(), Exit::Unavailable);
    assert_eq!(failure.to_string(), format!("the admin address {addr} is taken"));
    assert_eq!(failure.remedies().len(), 1);

    // Of two servers without an address, at most one has the default port.
    let (first, second) = (start(None).await.unwrap().unwrap(), start(None).await.unwrap().unwrap());
    assert_ne!(first.address(), second.address());
    assert!(start(Some("off")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_configuration_error() {
    let failure = start(Some("no.such.host.invalid:1")).await.err().unwrap();
    assert_eq!(failure.exit(), Exit::Config);
}

/// A pipeline with one operator, `step`.
fn taps(allowed: bool) -> Taps {
    let taps = Taps::new(allowed);
    taps.provide(|request| {
        Box::pin(async move {
            match request.operator.as_str() {
                "step" => Ok((0..request.rows).map(|n| format!("{{\"n\":{n}}}\n")).collect()),
                "odd" => Err(TapRefusal::Failed("no JSON".to_owned())),
                other => Err(TapRefusal::Unknown(format!("no operator is named '{other}'; there are step"))),
            }
        })
    });
    taps
}

#[tokio::test]
async fn rows_are_shown_where_that_is_allowed() {
    let addr = "127.0.0.1:0".parse().unwrap();
    let with = |taps| AdminState { taps, ..state(&Health::default(), &Status::default()) };
    let admin = Admin::start(Some(&addr), with(taps(true))).await.unwrap().unwrap();
    let lines = "{\"n\":0}\n{\"n\":1}\n";
    assert_eq!(get(&admin, "/tap?operator=st%65p&rows=2").await, (200, lines.to_owned()));
    assert_eq!(json(get(&admin, "/status").await).1["tap"], true);
    let unknown = "no operator is named 'setp'; there are step\n";
    assert_eq!(get(&admin, "/tap?operator=setp").await, (404, unknown.to_owned()));
    assert_eq!(get(&admin, "/tap").await.0, 404, "it names what there is");
    let (code, text) = get_as("evil.example", &admin, "/tap?operator=step").await;
    assert!(code == 403 && text.contains("evil.example"), "{code} {text}");
    assert_eq!(get(&admin, "/tap?operator=step&rows=0").await.0, 400);
    assert_eq!(get(&admin, "/tap?operator=odd").await, (500, "no JSON\n".to_owned()));

    let admin = Admin::start(Some(&addr), with(taps(false))).await.unwrap().unwrap();
    let (code, text) = get(&admin, "/tap?operator=step").await;
    assert!(code == 403 && text.contains("--admin-tap true"), "{code} {text}");
    assert_eq!(json(get(&admin, "/status").await).1["tap"], false);

    let admin = Admin::start(Some(&addr), with(Taps::new(true))).await.unwrap().unwrap();
    assert_eq!(get(&admin, "/tap?operator=step").await.0, 404, "nothing runs");
}
