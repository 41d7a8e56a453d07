//! What the admin address shows of a running script: its graph, its figures, its rows.

use crate::script;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use testkit::{Metrics, Program, Running, binary, free_port, until};

const WAIT_MAX: Duration = Duration::from_secs(60);

/// Every number from 1 on, of which the even ones are printed.
const EVEN: &str = "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '500',
    'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '100000000');
    CREATE TABLE evens (n BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO evens SELECT n FROM numbers WHERE MOD(n, 2) = 0;";

struct Live {
    running: Running,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Live {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        script(EVEN)(folder.path());
        let port = free_port();
        let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
        let shared =
            ["--sql", "own.sql", "--state-dir", "state", "--dev-services", "off", "--parallelism", "1"];
        let program = Program::new(&exe, folder.path()).args(shared).args(args);
        let running = program.args(["--admin-addr", &format!("127.0.0.1:{port}")]).start();
        Self { running, port, _folder: folder }
    }

    /// Status code and body; `None` while nobody answers.
    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(WAIT_MAX)).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The section `graph` of `/status` once rows have come through and an epoch is committed.
    fn graph(&self) -> Value {
        until("a graph with figures", WAIT_MAX, || {
            let status: Value = serde_json::from_str(&self.get("/status")?.1).ok()?;
            let graph = &status["sections"]["graph"];
            let flows = graph["operators"].as_array()?.iter().all(|operator| operator["rows_in"] != 0);
            (flows && graph["checkpoints"].as_array()?.len() > 1).then(|| graph.clone())
        })
    }

    fn end(self) {
        self.running.ask_to_end();
        self.running.finish(WAIT_MAX).expect_code(0);
    }
}

#[test]
fn the_graph_and_its_figures_are_shown_while_it_runs() {
    let live = Live::start(&["--dead-letters", "off"]);
    let graph = live.graph();
    let ids: Vec<&str> = graph["operators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|operator| operator["id"].as_str().unwrap())
        .collect();
    assert_eq!((ids[0], ids[ids.len() - 1]), ("source:numbers", "sink:evens"), "{graph:#}");
    assert_eq!(graph["operators"][ids.len() - 1]["inputs"][0]["from"], ids[ids.len() - 2]);
    assert_eq!(graph["restored_from"], Value::Null);
    assert!(graph["epoch"].as_u64() >= graph["checkpoints"][1]["epoch"].as_u64(), "{graph:#}");

    // Live counts: what the filter let through, half of what was read but for what is under way.
    let metrics = Metrics::read(live.port).unwrap();
    let rows = |way: &str, operator: &str| {
        metrics.total(&format!("ibb_operator_rows_{way}_total"), &format!("operator=\"{operator}\""))
    };
    let (read, written) = (rows("in", "source:numbers"), rows("in", "sink:evens"));
    assert!(written > 0 && written <= read / 2 + 1, "{read} {written}");
    assert_eq!(rows("out", "source:numbers"), read);

    assert!(live.get("/").unwrap().1.contains("<title>"));
    live.end();
}

#[test]
fn rows_of_an_operator_are_shown_in_development_unless_forbidden() {
    let live = Live::start(&["--dead-letters", "off"]);
    live.graph();
    let (code, rows) = live.get("/tap?operator=sink:evens&rows=5&wait_seconds=60").unwrap();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, rows.len()), (200, 5));
    assert!(rows.iter().all(|row| row["n"].as_i64().unwrap() % 2 == 0), "{rows:?}");
    let (code, text) = live.get("/tap?operator=evens").unwrap();
    assert!(code == 404 && text.contains("source:numbers") && text.contains("sink:evens"), "{code} {text}");
    live.end();

    for forbidden in [&["--admin-tap", "false"][..], &["--env", "production", "--pipeline", "evens"]] {
        let live = Live::start(&[forbidden, &["--dead-letters", "off"]].concat());
        live.graph();
        assert_eq!(live.get("/tap?operator=sink:evens").unwrap().0, 403, "{forbidden:?}");
        live.end();
    }
}
