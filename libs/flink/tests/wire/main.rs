//! What the client does about answers that are wrong, late or lost: against a server that says what a test wants. The
//! bodies are those of Flink 2.2.1.

mod server;

use flink::{FlinkError, Gateway, JobManager, JobState, News, SessionOptions, Statement, Timeouts};
use server::{Reply, Server};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const INFO: &str = r#"{"productName":"Apache Flink","version":"2.2.1"}"#;
const SESSION: &str = r#"{"sessionHandle":"5e55"}"#;
const OPERATION: &str = r#"{"operationHandle":"0be8"}"#;
const NO_SESSION: &str = include_str!("../../testdata/session_gone.json");

/// Long enough for a busy machine, short enough for a person.
fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(2),
        request: Duration::from_secs(10),
        unreachable: Duration::from_millis(300),
    }
}

fn ok(body: &str) -> Reply {
    Reply::Json(200, body.to_owned())
}

/// Answers as a gateway with one session; `others` decides about the rest.
fn gateway(others: impl Fn(&str, &str) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |method, path, _| match (method, path) {
        ("GET", "/v3/info") => ok(INFO),
        ("POST", "/v3/sessions") => ok(SESSION),
        ("GET", "/v3/sessions/5e55") => ok(r#"{"properties":{}}"#),
        ("POST", "/v3/sessions/5e55/configure-session") => ok("{}"),
        ("DELETE", "/v3/sessions/5e55") => ok(r#"{"status":"CLOSED"}"#),
        _ => others(method, path),
    })
}

async fn session(server: &Server) -> flink::Session {
    let gateway = Gateway::connect(server.url(), timeouts()).await.unwrap();
    gateway.open(SessionOptions { heartbeat: None, ..SessionOptions::default() }).await.unwrap()
}

#[tokio::test]
async fn a_version_that_is_not_known_is_refused_by_name() {
    let server = Server::start(|_, _, _| ok(r#"{"productName":"Apache Flink","version":"1.20.1"}"#));
    let error = Gateway::connect(server.url(), timeouts()).await.unwrap_err();
    let url = server.url();
    assert_eq!(
        error.to_string(),
        format!(
            "Apache Flink 1.20.1 at {url} is not supported; this program needs Apache Flink 2.0 or newer"
        )
    );
}

#[tokio::test]
async fn a_gateway_that_is_away_is_named_with_what_was_tried() {
    let url = server::nobody();
    let error = Gateway::connect(&url, timeouts()).await.unwrap_err();
    let FlinkError::Unreachable { service, tries, ref reason, .. } = error else { panic!("{error}") };
    assert_eq!(service, "the SQL gateway");
    assert!(tries > 1, "asked {tries} times");
    assert!(reason.contains("refused"), "{reason}");
    assert!(
        error.to_string().starts_with(&format!("the SQL gateway at {url} did not answer within ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_question_whose_answer_is_lost_is_asked_again() {
    let server = Server::start(|_, _, count| if count < 3 { Reply::Cut } else { ok(INFO) });
    assert_eq!(Gateway::connect(server.url(), timeouts()).await.unwrap().info().version, "2.2.1");
    assert_eq!(server.seen("GET /v3/info"), 3);
}

#[tokio::test]
async fn a_session_that_is_gone_is_told_apart() {
    let server = gateway(|_, _| Reply::Json(500, NO_SESSION.to_owned()));
    let session = session(&server).await;
    let error = session.execute(&Statement::one("SELECT 1").unwrap()).await.unwrap_err();
    assert_eq!(error, FlinkError::SessionLost { gateway: server.url(), session: "5e55".to_owned() });
    session.close().await.unwrap();
}

/// Goal: the job of an INSERT whose answer was lost is found by its name, and the INSERT is sent once.
#[tokio::test]
async fn a_lost_submission_is_found_by_its_name() {
    let server = gateway(|_, _| Reply::Cut);
    let jobs =
        r#"{"jobs":[{"jid":"j0b","name":"flights-1","state":"RUNNING","start-time":5,"end-time":-1}]}"#;
    let cluster = Server::start(move |_, _, count| ok(if count < 2 { r#"{"jobs":[]}"# } else { jobs }));
    let session = session(&server).await;
    let insert = Statement::one("INSERT INTO a SELECT 1").unwrap();
    let jobs = JobManager::new(cluster.url(), timeouts()).unwrap();
    let submitted =
        session.submit(&insert, "flights-1", &BTreeMap::new(), &jobs, Duration::from_secs(10)).await.unwrap();
    assert_eq!((submitted.job.as_str(), submitted.name.as_str()), ("j0b", "flights-1"));
    assert_eq!(server.seen("POST /v3/sessions/5e55/statements"), 1);
}

#[tokio::test]
async fn a_lost_submission_that_is_not_found_is_not_repeated() {
    let server = gateway(|_, _| Reply::Cut);
    let cluster = Server::start(|_, _, _| ok(r#"{"jobs":[]}"#));
    let session = session(&server).await;
    let insert = Statement::one("INSERT INTO a SELECT 1").unwrap();
    let jobs = JobManager::new(cluster.url(), timeouts()).unwrap();
    let lost =
        session.submit(&insert, "flights-1", &BTreeMap::new(), &jobs, Duration::from_millis(300)).await;
    let error = lost.unwrap_err();
    assert!(matches!(error, FlinkError::SubmissionUnknown { .. }), "{error}");
    assert_eq!(server.seen("POST /v3/sessions/5e55/statements"), 1);
}

/// Goal: a statement is awaited through NOT_READY and empty pages, and a page whose answer was lost is asked for again.
#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let page = |kind: &str, data: &str, next: &str| {
        format!(
            r#"{{"resultType":"{kind}","isQueryResult":true,"jobID":"j0b","resultKind":"SUCCESS_WITH_CONTENT","results":{{"columns":[{{"name":"n","logicalType":{{"type":"INTEGER","nullable":true}},"comment":null}}],"rowFormat":"JSON","data":[{data}]}}{next}}}"#
        )
    };
    let uri = |token: u32| {
        format!(r#","nextResultUri":"/v3/sessions/5e55/operations/0be8/result/{token}?rowFormat=JSON""#)
    };
    let answers = [
        ok(&format!(r#"{{"resultType":"NOT_READY"{}}}"#, uri(0))),
        ok(&page("PAYLOAD", r#"{"kind":"INSERT","fields":[1]}"#, &uri(1))),
        Reply::Cut,
        ok(&page("PAYLOAD", "", &uri(2))),
        ok(&page(
            "PAYLOAD",
            r#"{"kind":"UPDATE_BEFORE","fields":[1]},{"kind":"UPDATE_AFTER","fields":[null]}"#,
            &uri(3),
        )),
        ok(&page("EOS", "", "")),
    ];
    let next = std::sync::atomic::AtomicUsize::new(0);
    let server = gateway(move |method, path| match (method, path) {
        ("POST", "/v3/sessions/5e55/statements") => ok(OPERATION),
        _ => answers[next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)].clone(),
    });
    let session = session(&server).await;
    let mut results = session.execute(&Statement::one("SELECT n FROM t").unwrap()).await.unwrap();
    let changes = results.collect(Duration::from_secs(20)).await.unwrap();
    let kinds: Vec<String> = changes.kinds.iter().map(ToString::to_string).collect();
    assert_eq!(kinds, ["+I", "-U", "+U"]);
    assert_eq!(changes.rows.num_rows(), 3);
    assert_eq!(results.job(), Some("j0b"));
    assert_eq!(server.seen("GET /v3/sessions/5e55/operations/0be8/result/1?rowFormat=JSON"), 2);
}

#[tokio::test]
async fn what_is_no_answer_of_flink_is_shown() {
    let server = Server::start(|_, _, _| Reply::Json(502, "<html>Bad Gateway</html>".to_owned()));
    let error = Gateway::connect(server.url(), timeouts()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected answer while asking the gateway for its version: HTTP status 502 Bad Gateway and no answer of \
         Flink's: <html>Bad Gateway</html>"
    );
}

#[tokio::test]
async fn what_the_gateway_cannot_send_is_said() {
    let server = gateway(|method, path| match (method, path) {
        ("POST", "/v3/sessions/5e55/statements") => ok(OPERATION),
        _ => Reply::Json(500, include_str!("../../testdata/not_json.json").to_owned()),
    });
    let session = session(&server).await;
    let mut results = session.execute(&Statement::one("SELECT MAP[1, 'a']").unwrap()).await.unwrap();
    let error = results.next().await.unwrap_err().to_string();
    assert!(
        error.starts_with("the result has a type that the gateway cannot send: a MAP whose keys"),
        "{error}"
    );
}

/// Goal: an election that takes longer than one question may is a silence to who follows a job, not its end.
#[tokio::test]
async fn an_election_is_borne_by_who_follows_a_job() {
    const ELECTION: &str =
        "Service temporarily unavailable due to an ongoing leader election. Please refresh.";
    let elected = Arc::new(AtomicBool::new(false));
    let leader = Arc::clone(&elected);
    let server = Server::start(move |_, path, _| match path {
        _ if !leader.load(Ordering::Relaxed) => Reply::Json(503, format!(r#"{{"errors":["{ELECTION}"]}}"#)),
        "/jobs/j0b/status" => ok(r#"{"status":"FINISHED"}"#),
        "/jobs/j0b" => ok(r#"{"jid":"j0b","name":"flights","state":"FINISHED","duration":5,"vertices":[]}"#),
        "/jobs/j0b/exceptions" => ok(r#"{"exceptionHistory":{"entries":[]}}"#),
        "/jobs/j0b/checkpoints" => {
            ok(r#"{"counts":{"completed":0,"failed":0,"in_progress":0,"restored":0},"latest":{}}"#)
        }
        _ => ok("[]"),
    });
    let jobs = JobManager::new(server.url(), timeouts()).unwrap();
    let mut heard = Vec::new();
    let tell = |news| match news {
        News::Silent(reason) => {
            elected.store(true, Ordering::Relaxed);
            heard.push(reason);
        }
        News::Back { .. } => heard.push("back".to_owned()),
        _ => (),
    };
    assert_eq!(jobs.follow("j0b", Duration::from_secs(10), tell).await, Ok(JobState::Finished));
    let [silent, back] = &heard[..] else { panic!("{heard:?}") };
    assert!(silent.ends_with(&format!("{ELECTION} (503 Service Unavailable)")), "{silent}");
    assert_eq!(back, "back");
}
