//! Whole programs: exit codes, last words, signals and traces, seen from outside.
//!
//! The program is this test binary itself, started again with one test as its `main`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use service::{Context, Failure, ProgramInfo, SharedArgs};

#[derive(clap::Parser)]
struct Args {
    #[command(flatten)]
    shared: SharedArgs,
    /// What the program does.
    #[arg(long)]
    story: String,
}

impl AsRef<SharedArgs> for Args {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

/// The program's `main`; as a test of its own it does nothing.
#[test]
fn program() {
    let Ok(story) = std::env::var("IBB__STORY") else { return };
    let mut program = ProgramInfo::new("probe", "1.2.3");
    if story == "hangs" {
        program.shutdown_limit = Duration::from_millis(200);
    }
    // Reports through the exit code alone, as a main does.
    let exit = service::run_with(program, &surroundings(), body);
    std::process::exit(exit.code().into());
}

/// The test harness's own arguments are not the program's.
fn surroundings() -> service::Surroundings {
    let mut surroundings = service::Surroundings::of_process();
    surroundings.arguments = vec!["probe".into(), "--admin-addr".into(), "off".into()];
    surroundings
}

async fn body(ctx: Context, args: Args) -> Result<(), Failure> {
    match args.story.as_str() {
        "stops" => {
            ctx.health.no_components();
            eprintln!("up");
            ctx.shutdown.cancelled().await;
            Ok(())
        }
        "hangs" | "takes long" => {
            let _task = ctx.shutdown.task("the checkpoint of epoch 7");
            eprintln!("up");
            std::future::pending().await
        }
        "fenced" => {
            Err(Failure::fenced("a newer writer took over").because(std::io::Error::other("token 3 < 4")))
        }
        "panics" => panic!("index out of range"),
        "traces" => {
            tracing::info_span!("a_step_worth_tracing").in_scope(|| ());
            Ok(())
        }
        other => Err(Failure::usage(format!("no story {other}"))),
    }
}

/// Starts the program; `up` on stderr tells that it runs.
fn start(story: &str, variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program", "--nocapture", "--test-threads=1"]);
    command.env("IBB__STORY", story).env_remove("RUST_LOG").env_remove("BUILD_WORKSPACE_DIRECTORY");
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for `line`, and gives what was said before it; reading ends with the process at the latest.
fn wait_for(stderr: &mut impl BufRead, line: &str) -> String {
    let mut said = String::new();
    while !said.contains(line) && stderr.read_line(&mut said).unwrap() > 0 {}
    assert!(said.contains(line), "{said}");
    said
}

fn end(mut child: Child) -> (ExitStatus, String) {
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap(), said)
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_signal_stops_gracefully() {
    for signal in ["-TERM", "-INT"] {
        let mut child = start("stops", &[]);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        wait_for(&mut stderr, "up\n");
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn the_duration_stops_by_itself() {
    let (status, said) = end(start("stops", &[("IBB__DURATION", "0.01")]));
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("the duration is over"), "{said}");
}

#[test]
fn a_stop_at_the_limit_says_what_was_not_finished() {
    let mut child = start("hangs", &[]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut stderr, "up\n");
    send("-TERM", &child);
    let said = wait_for(&mut stderr, "not finished: the checkpoint of epoch 7");
    assert!(said.contains("error: the program did not stop within 0.2 s"), "{said}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut child = start("takes long", &[]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut stderr, "up\n");
    send("-TERM", &child);
    wait_for(&mut stderr, "Stopping");
    send("-TERM", &child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(said.contains("Ended at once") && said.contains("the checkpoint of epoch 7"), "{said}");
}

#[test]
fn a_failure_has_its_exit_code_and_its_causes() {
    let (status, said) = end(start("fenced", &[]));
    assert_eq!(status.code(), Some(79), "{said}");
    assert!(said.ends_with("error: a newer writer took over\n  caused by: token 3 < 4\n"), "{said}");

    let (status, said) = end(start("fenced", &[("IBB__LOG_FORMAT", "json")]));
    assert_eq!(status.code(), Some(79));
    let lines: Vec<serde_json::Value> = said
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["exit_code"], 79, "{said}");
    assert_eq!(lines[0]["pipeline"], "probe", "{said}");
}

#[test]
fn a_panic_is_a_bug() {
    let (status, said) = end(start("panics", &[]));
    assert_eq!(status.code(), Some(70), "{said}");
    assert!(said.contains("error: probe has a bug: index out of range"), "{said}");
}

#[test]
fn a_wrong_configuration_is_told_before_anything_starts() {
    let (status, said) = end(start("stops", &[("IBB__STATEDIR", "x"), ("IBB__PARALLELISM", "none")]));
    assert_eq!(status.code(), Some(78), "{said}");
    assert!(said.starts_with("error: the configuration has 2 errors\n"), "{said}");
    assert!(said.contains("`IBB__STATE_DIR`"), "{said}");
}

#[test]
fn traces_go_to_a_configured_collector_only() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str());

    let (status, said) = end(start("traces", &[endpoint, ("OTEL_SDK_DISABLED", "true")]));
    assert_eq!(status.code(), Some(0), "{said}");
    collector.set_nonblocking(true).unwrap();
    assert!(collector.accept().is_err(), "disabled, yet it connected");
    collector.set_nonblocking(false).unwrap();

    let child = start("traces", &[endpoint, ("OTEL_SERVICE_NAME", "my-service")]);
    let (mut stream, _) = collector.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    let holds =
        |request: &[u8], text: &str| request.windows(text.len()).any(|window| window == text.as_bytes());
    while !holds(&request, "a_step_worth_tracing") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&request));
        request.extend_from_slice(&buffer[..count]);
    }
    assert!(holds(&request, "POST /v1/traces") && holds(&request, "my-service"));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    drop(stream);
    let (status, said) = end(child);
    assert_eq!(status.code(), Some(0), "{said}");
}
