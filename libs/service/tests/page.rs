//! The live page in a real browser: headless Chromium draws it, and the resulting document is read.
//!
//! Chromium is looked for as `$IBB_CHROMIUM`, then on the PATH (Debian: `apt-get install chromium-headless-shell`;
//! `.ci/run` does that). Without one these cases say so and check nothing.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use service::{Admin, AdminState, Environment, Health, Metrics, ProgramInfo, Status, TapRequest, Taps};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
};

const BROWSERS: [&str; 4] = ["chromium-headless-shell", "chromium", "google-chrome", "chromium-browser"];

/// How long the browser may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("IBB_CHROMIUM").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    let found = candidates.into_iter().find(|candidate| candidate.is_file());
    if found.is_none() {
        eprintln!("skipped: none of {BROWSERS:?} is on the PATH; apt-get install chromium-headless-shell");
    }
    found
}

/// The document after `virtual_ms` of the page's own time, which stands still while an answer is awaited.
async fn document(browser: PathBuf, url: &str, virtual_ms: u32) -> String {
    static PROFILES: AtomicU64 = AtomicU64::new(0);
    let number = PROFILES.fetch_add(1, Ordering::Relaxed);
    let profile = std::env::temp_dir().join(format!("ibb-page-{}-{number}", std::process::id()));
    let mut command = Command::new(browser);
    // Its own sandbox needs rights that a container or root does not give; it only ever sees this page.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--virtual-time-budget={virtual_ms}")).arg(url).kill_on_drop(true);
    let output = tokio::time::timeout(DEADLINE, command.output()).await.expect("the browser ends").unwrap();
    let _ = std::fs::remove_dir_all(profile);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn operator(id: &str, kind: &str, inputs: Value, figures: Value) -> Value {
    let mut operator = json!({
        "id": id, "label": id, "description": format!("the {id} <b>&"), "kind": kind, "parallelism": 2,
        "inputs": inputs, "rows_in": 2_000_000, "rows_out": 1_000, "dead_letters": 0,
        "rows_in_per_second": 0.0, "rows_out_per_second": 0.0, "busy_ratio": 0.0, "backpressured_ratio": 0.0,
        "idle_ratio": 1.0, "state_bytes": 0, "state_rows": 0, "event_time": "none",
        "watermark_ms": null, "watermark_lag_ms": null,
    });
    for (name, value) in figures.as_object().unwrap() {
        operator[name] = value.clone();
    }
    operator
}

fn graph() -> Value {
    let from = |id: &str, port: &str, routing: &str, columns: &[&str]| json!({"from": id, "port": port, "routing": routing, "columns": columns});
    let source = json!({"rows_out_per_second": 15_204.4, "backpressured_ratio": 0.6, "busy_ratio": 0.4,
        "event_time": "advancing", "watermark_ms": 1_767_225_600_000_i64, "watermark_lag_ms": 2_500,
        "dead_letters": 56});
    let window = json!({"rows_in_per_second": 2_500_000.0, "rows_out_per_second": 7.25, "busy_ratio": 0.93,
        "state_bytes": 2_048, "state_rows": 30, "event_time": "ended"});
    json!({
        "pipeline": "orders", "epoch": 4711, "restored_from": 4000, "sampled_at_ms": 1,
        "operators": [
            operator("source:events", "source", json!([]), source),
            operator("sums/window", "operator",
                json!([from("source:events", "rows", "hash", &["customer"])]), window),
            operator("totals/running", "operator",
                json!([from("source:events", "rows", "hash", &[])]),
                json!({"state_bytes": null, "state_rows": 1_000_000})),
            operator("sink:sums", "sink", json!([from("sums/window", "rows", "gather", &[])]), json!({})),
            operator("sink:dead", "sink", json!([from("source:events", "dead", "gather", &[])]), json!({})),
        ],
        "checkpoints": [
            {"epoch": 4711, "duration_ms": 1_250, "bytes": 3_145_728, "at_ms": 1_767_225_600_000_i64},
            {"epoch": 4710, "duration_ms": 40, "bytes": 512, "at_ms": 1_767_225_599_000_i64},
        ],
    })
}

fn state() -> AdminState {
    let (health, status, taps) = (Health::default(), Status::default(), Taps::new(true));
    health.component("kafka").connected();
    status.set("graph", graph());
    status.set("progress", json!({"queries": {"sums": {"admitted": 1_988, "late": 12}}}));
    taps.provide(|request: TapRequest| {
        Box::pin(async move { Ok(format!("{{\"of\":\"{}\",\"html\":\"<i>\"}}\n", request.operator)) })
    });
    AdminState {
        program: ProgramInfo::new("probe", "1.2.3"),
        pipeline: "orders".to_owned(),
        environment: Environment::Production,
        started: Instant::now(),
        health,
        status,
        metrics: Metrics::install().unwrap(),
        taps,
    }
}

async fn admin() -> Admin {
    Admin::start(Some(&"127.0.0.1:0".parse().unwrap()), state()).await.unwrap().unwrap()
}

/// The part of the document that shows one operator.
fn card<'a>(document: &'a str, id: &str) -> &'a str {
    let begin =
        document.find(&format!("data-operator=\"{id}\"")).unwrap_or_else(|| panic!("no card of {id}"));
    // Its class stands before it.
    let begin = document[..begin].rfind("<div").unwrap();
    let end = document[begin..].find("</dl>").unwrap();
    &document[begin..begin + end]
}

#[track_caller]
fn shows(part: &str, texts: &[&str]) {
    for text in texts {
        assert!(part.contains(text), "{text:?} is missing in:\n{part}");
    }
}

#[tokio::test]
async fn the_page_draws_the_status_it_is_given() {
    let Some(browser) = browser() else { return };
    let admin = admin().await;
    let document = document(browser, &format!("http://{}/", admin.address()), 1_500).await;
    shows(&document, &["<title>orders · probe</title>", "class=\"pill ready\">ready<"]);
    shows(&document, &["probe 1.2.3 · production · up ", "epoch 4,711 · continued from epoch 4,000"]);

    let source = card(&document, "source:events");
    shows(source, &["class=\"node backpressured\"", "out 15,204/s", "busy 40 % · waits to send 60 %"]);
    shows(source, &["2026-01-01 00:00:00", ">2.5 s<", "class=\"alarm\">56<", "width: 60%"]);
    shows(source, &["the source:events &lt;b&gt;&amp;"]);
    let window = card(&document, "sums/window");
    shows(window, &["class=\"node busy\"", "in 2.50 M/s", "out 7.3/s", "2.0 KiB, 30 rows", ">ended<"]);
    shows(card(&document, "totals/running"), &[">1,000,000 rows<"]);
    shows(card(&document, "sink:sums"), &["2,000,000 rows so far", "sink ×2"]);

    let columns: Vec<&str> = document.split("class=\"column\"").skip(1).collect();
    assert_eq!(columns.len(), 3, "left to right: source, window, both sinks");
    shows(columns[2], &["sink:sums", "sink:dead"]);
    shows(&document, &["class=\"rows\"", "class=\"dead\"", ">by customer<"]);
    shows(&document, &[">4,711<", ">1.3 s<", ">3.0 MiB<", ">40 ms<", "class=\"alarm\">12 late<"]);
    shows(&document, &["id=\"gone\" role=\"alert\" hidden"]);
}

#[tokio::test]
async fn the_page_shows_rows_of_the_operator_in_its_address() {
    let Some(browser) = browser() else { return };
    let admin = admin().await;
    let url = format!("http://{}/#rows=sums%2Fwindow", admin.address());
    let document = document(browser, &url, 1_500).await;
    shows(
        &document,
        &["{\"of\":\"sums/window\",\"html\":\"&lt;i&gt;\"}", "/tap?operator=sums%2Fwindow&amp;rows=20"],
    );
}

/// Answers `/` and one `/status`, then is gone.
async fn once(listener: TcpListener, page: String, status: String) {
    let mut answered = false;
    while !answered {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        answered = request[..length].starts_with(b"GET /status");
        let (kind, body) = if answered { ("application/json", &status) } else { ("text/html", &page) };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        let answer = format!("{head}Connection: close\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_program_that_is_gone_is_said_and_its_last_figures_stay() {
    let Some(browser) = browser() else { return };
    let admin = admin().await;
    let (page, status) = (get(&admin, "/").await.1, get(&admin, "/status").await.1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(once(listener, page, status));
    let document = document(browser, &url, 8_000).await;
    server.await.unwrap();
    shows(&document, &["<body class=\"gone\">", "Not answering since ", "is the last that was known"]);
    shows(card(&document, "source:events"), &["out 15,204/s"]);
}

/// Goal: the page works on a machine without a network, and what it shows goes nowhere else.
#[tokio::test]
async fn the_page_needs_nothing_but_its_program() {
    let (head, page) = get(&admin().await, "/").await;
    shows(&head.to_lowercase(), &["content-type: text/html", "default-src 'none'", "connect-src 'self'"]);
    let own = page.replace("http://www.w3.org/2000/svg", "");
    for foreign in ["http:", "https:", "//cdn", "@import", "innerHTML", "eval("] {
        assert!(!own.contains(foreign), "{foreign}");
    }
}

/// Head and body.
async fn get(admin: &Admin, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(admin.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}
