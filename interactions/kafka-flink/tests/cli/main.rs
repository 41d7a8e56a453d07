//! What people see: when something is wrong, with `--render` and `--dry-run`, and at the admin address.

mod live;
mod stateful;

use std::fs;
use std::net::TcpListener;
use std::time::Duration;
use testkit::{Finished, Program, binary};

fn run(args: &[&str]) -> Finished {
    run_with(args, |_| {})
}

fn run_with(args: &[&str], prepare: impl FnOnce(&std::path::Path)) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
    let program = Program::new(&exe, folder.path()).args(["--connect-timeout", "2"]);
    let own_services = args.contains(&"--dev-services");
    let program = if own_services { program } else { program.args(["--dev-services", "embedded"]) };
    let own_state = args.contains(&"--state-dir");
    let program = if own_state { program } else { program.args(["--state-dir", "state"]) };
    program.args(args).start().finish(Duration::from_secs(60))
}

/// A script beside the program.
fn script(text: &'static str) -> impl FnOnce(&std::path::Path) {
    move |folder| fs::write(folder.join("own.sql"), text).unwrap()
}

#[track_caller]
fn says(finished: Finished, code: i32, words: &[&str]) {
    let finished = finished.expect_code(code);
    for word in words {
        assert!(finished.stderr.contains(word), "{word:?} is missing in:\n{}", finished.stderr);
    }
}

const PRINT: &str = "CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3',
    'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '3');
    CREATE TABLE out (n INT) WITH ('connector' = 'print');
    INSERT INTO out SELECT n FROM numbers WHERE n <> 2;";

#[test]
fn a_script_of_ones_own_runs_to_its_end() {
    let finished = run_with(&["--sql", "own.sql"], script(PRINT)).expect_code(0);
    let mut lines: Vec<&str> = finished.stdout.lines().filter(|line| line.starts_with("+I")).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["+I[1]", "+I[3]"], "{}", finished.stdout);
}

#[test]
fn an_unknown_flag_is_named_with_the_nearest_one() {
    says(run(&["--window-secnds", "5"]), 64, &["--window-secnds", "--window-seconds"]);
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_one() {
    says(run(&["--set", "kafka.brokrs=a:1"]), 78, &["kafka.brokrs", "brokers"]);
}

#[test]
fn what_comes_later_is_refused_by_name() {
    says(run(&["--sink", "redis"]), 64, &["redis", "not supported yet"]);
    says(run(&["--engine", "spark"]), 64, &["--engine spark"]);
    says(run(&["--from-savepoint", "s3://bucket/x"]), 64, &["--from-savepoint s3://bucket/x", "local file"]);
    says(run(&["--state-dir", "s3://bucket/x", "--sink", "stdout"]), 64, &["s3://bucket/x"]);
}

#[test]
fn a_savepoint_that_is_not_there_is_said_with_its_path() {
    let args = ["--sql", "own.sql", "--from-savepoint", "gone.savepoint"];
    says(run_with(&args, script(PRINT)), 78, &["/gone.savepoint", "--stop-with-savepoint"]);
    says(run(&["--allow-non-restored-state"]), 64, &["--allow-non-restored-state", "--from-savepoint"]);
}

#[test]
fn what_flink_cannot_do_is_refused_by_name() {
    says(run(&["--engine", "flink"]), 64, &["--dev-services embedded", "flink.sql_gateway"]);
    says(run(&["--engine", "flink", "--sink", "stdout"]), 64, &["--sink stdout", "task managers"]);
    says(run(&["--engine", "flink", "--dead-letters", "bad"]), 64, &["--dead-letters", "--engine embedded"]);
    says(run(&["--detach"]), 64, &["--detach"]);
}

#[test]
fn an_unreachable_gateway_is_said_with_address_and_time() {
    let gateway = ["--engine", "flink", "--set", "flink.sql_gateway=http://127.0.0.1:1"];
    let finished = run_with(&[&gateway[..], &["--sql", "own.sql"]].concat(), script(PRINT));
    says(finished, 69, &["http://127.0.0.1:1 did not answer within", "flink.sql_gateway"]);
}

/// Goal: Flink takes what `--render` prints: its sink needs a prefix, and transactions no longer than brokers allow.
#[test]
fn a_kafka_sink_on_flink_is_rendered_with_what_flink_needs() {
    let args = ["--engine", "flink", "--render", "--set", "kafka.brokers=broker:9092", "--sink", "kafka"];
    let finished = run(&args).expect_code(0);
    for line in ["'sink.transactional-id-prefix' = ", "'properties.transaction.timeout.ms' = '900000'"] {
        assert!(finished.stdout.contains(line), "{line}\n{}", finished.stdout);
    }
}

#[test]
fn a_session_has_no_slide() {
    let both = run(&["--session-gap-seconds", "5", "--slide-seconds", "5"]);
    says(both, 64, &["--session-gap-seconds", "--slide-seconds", "exclude each other"]);
}

#[test]
fn a_mistake_in_sql_is_shown_with_line_and_column() {
    let finished = run_with(&["--sql", "own.sql"], script("SET 'parallelism.default' = '1';\nSELEC 1;"));
    says(finished, 65, &["line 2", "column 1", "SELEC"]);
}

#[test]
fn an_unknown_option_is_named_with_the_nearest_one() {
    let text = "CREATE TABLE a (n INT) WITH ('connector' = 'datagen', 'number-of-row' = '3');
        CREATE TABLE b (n INT) WITH ('connector' = 'print');
        INSERT INTO b SELECT n FROM a;";
    says(run_with(&["--sql", "own.sql"], script(text)), 65, &["number-of-row", "number-of-rows"]);
}

#[test]
fn an_unreachable_broker_is_said_with_address_and_time() {
    let args = ["--set", "kafka.brokers=127.0.0.1:1", "--sink", "stdout"];
    says(run(&args), 69, &["127.0.0.1:1", "2 s"]);
}

#[test]
fn an_unreachable_broker_of_the_sink_is_said_with_address_and_time() {
    let text = "CREATE TABLE a (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
        CREATE TABLE b (n INT) WITH ('connector' = 'kafka', 'properties.bootstrap.servers' = '127.0.0.1:1',
            'topic' = 'b', 'format' = 'json', 'properties.sasl.mechanism' = 'PLAIN',
            'properties.security.protocol' = 'SASL_PLAINTEXT', 'properties.sasl.jaas.config' =
            'x.PlainLoginModule required username=\"u\" password=\"hush-hush\";');
        INSERT INTO b SELECT n FROM a;";
    let finished = run_with(&["--sql", "own.sql"], script(text));
    assert!(!finished.stderr.contains("hush-hush"), "{}", finished.stderr);
    says(finished, 69, &["127.0.0.1:1", "2 s"]);
}

#[test]
fn a_primary_key_is_for_upsert_kafka_and_not_for_kafka() {
    let key = "CREATE TABLE a (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
        CREATE TABLE b (n INT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'b',
            'properties.bootstrap.servers' = '127.0.0.1:1', 'format' = 'json');
        INSERT INTO b SELECT n FROM a;";
    says(run_with(&["--sql", "own.sql"], script(key)), 78, &["PRIMARY KEY", "table 'b'", "upsert-kafka"]);
    let upsert = "CREATE TABLE a (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
        CREATE TABLE b (n INT) WITH ('connector' = 'upsert-kafka', 'topic' = 'b',
            'properties.bootstrap.servers' = '127.0.0.1:1', 'key.format' = 'json', 'value.format' = 'json');
        INSERT INTO b SELECT n FROM a;";
    says(
        run_with(&["--sql", "own.sql"], script(upsert)),
        78,
        &["table 'b'", "upsert-kafka needs a PRIMARY KEY"],
    );
}

/// Goal: without a real broker topics are written all the same, at least once, and that is said; dead letters may go to
/// a topic, too.
#[test]
fn topics_of_the_embedded_broker_are_written_at_least_once() {
    let args =
        ["--sink", "kafka", "--output-topic", "windows", "--dead-letters", "bad-events", "--duration", "6"];
    let finished = run_with(&args, |_| {}).expect_code(0);
    assert!(finished.stderr.contains("at least once"), "{}", finished.stderr);
    assert!(finished.stdout.contains("events_per_key: window_start="), "{}", finished.stdout);
}

#[test]
fn an_unreachable_database_is_said_with_its_address() {
    let text = "CREATE TABLE a (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '3');
        CREATE TABLE b (n INT) WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://127.0.0.1:1/x',
            'table-name' = 'b', 'username' = 'u', 'password' = 'hush-hush');
        INSERT INTO b SELECT n FROM a;";
    let finished = run_with(&["--sql", "own.sql"], script(text));
    assert!(!finished.stderr.contains("hush-hush"), "{}", finished.stderr);
    says(finished, 69, &["127.0.0.1:1", "2s"]);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let finished = run_with(&["--sql", "own.sql", "--admin-addr", &address], script(PRINT));
    assert_ne!(finished.status.code(), Some(0));
    assert!(finished.stderr.contains(&address), "{}", finished.stderr);
}

#[test]
fn a_missing_section_outside_development_is_a_configuration_error() {
    says(run(&["--env", "production", "--pipeline", "p"]), 78, &["kafka", "production"]);
}

#[test]
fn without_dev_services_what_is_not_configured_is_an_error() {
    says(run(&["--dev-services", "off"]), 78, &["postgresql is not configured", "--dev-services auto"]);
}

#[test]
fn render_prints_the_script_and_keeps_secrets_open() {
    let args = [
        "--render",
        "--set",
        "kafka.brokers=broker:9092",
        "--set",
        "postgresql.host=db",
        "--set",
        "postgresql.database=d",
        "--set",
        "postgresql.user=u",
        "--set",
        "postgresql.password=hush-hush",
        "--window-seconds",
        "3600",
    ];
    let finished = run(&args).expect_code(0);
    assert!(finished.stdout.contains("INTERVAL '1' HOUR"), "{}", finished.stdout);
    assert!(
        finished.stdout.contains("'properties.bootstrap.servers' = 'broker:9092'"),
        "{}",
        finished.stdout
    );
    assert!(finished.stdout.contains("'password' = '${postgres_password}'"), "{}", finished.stdout);
    assert!(!format!("{finished:?}").contains("hush-hush"));
}

#[test]
fn a_kafka_sink_is_rendered_as_flink_takes_it() {
    let args = [
        "--render",
        "--set",
        "kafka.brokers=broker:9092",
        "--sink",
        "kafka",
        "--output-topic",
        "windows",
        "--pipeline",
        "totals",
    ];
    let finished = run(&args).expect_code(0);
    for line in [
        "'topic' = 'windows'",
        "'key.fields' = 'event_key'",
        "'sink.delivery-guarantee' = 'exactly-once'",
        "'sink.transactional-id-prefix' = 'totals'",
    ] {
        assert!(finished.stdout.contains(line), "{line}\n{}", finished.stdout);
    }
    assert!(!finished.stdout.contains("PRIMARY KEY"), "{}", finished.stdout);
}

#[test]
fn dry_run_prints_the_plan_and_starts_nothing() {
    let finished = run(&["--dry-run"]).expect_code(0);
    assert!(finished.stdout.contains("TUMBLE"), "{}", finished.stdout);
    assert!(!finished.stderr.contains("dev services"), "{}", finished.stderr);
}
