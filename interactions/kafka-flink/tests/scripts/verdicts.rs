//! What passes, what fails, and how it is told.

use crate::{PAYMENTS, PER_MINUTE, Place, SCRIPT, payments, says, shipped_cases};
use std::fs;

#[test]
fn the_cases_of_the_shipped_script_pass() {
    let cases = shipped_cases();
    let stdout = Place::empty().run(&["test", cases.to_str().unwrap()]).expect_code(0).stdout;
    says(&stdout, &["late_and_bad_records", "dead letters: 4 as expected", "2 passed, 0 failed"]);
}

/// Goal: a script is tested with the flags it would run with.
#[test]
fn a_flag_that_changes_the_script_changes_the_verdict() {
    let case = shipped_cases().join("windows_per_key");
    let stdout =
        Place::empty().run(&["test", case.to_str().unwrap(), "--window-seconds", "20"]).expect_code(1).stdout;
    says(&stdout, &["FAILED", "0 rows as expected", "0 passed, 1 failed"]);
}

#[test]
fn order_and_ways_to_write_a_value_do_not_matter() {
    let stdout = payments().test(0);
    assert_eq!(stdout, "passed  case\n  per_minute: 2 rows as expected\n1 passed, 0 failed\n");
}

#[test]
fn a_wrong_row_is_shown_beside_the_right_one_with_its_columns() {
    let wrong = PER_MINUTE.replace("4.5", "5.5");
    let finished = payments().with("case/expected/per_minute.jsonl", &wrong).run(&["test", "case"]);
    let finished = finished.expect_code(1);
    assert_eq!(
        finished.stdout,
        r#"FAILED  case
  per_minute: 1 row as expected, 1 different
    - {"minute":"2026-03-01 12:00:00","payer":"ada","payments":2,"total":5.5}
    + {"minute":"2026-03-01 12:00:00","payer":"ada","payments":2,"total":4.5}
      total: expected 5.5, came 4.5
0 passed, 1 failed
"#
    );
    assert_eq!(
        finished.stderr,
        "error: 1 of 1 cases failed\n  try: if what came is right: test --update writes it as what is expected\n"
    );
}

#[test]
fn a_row_that_did_not_come_is_missing() {
    let more = format!("{PER_MINUTE}{}", r#"{"payer": "cyd"}"#);
    let stdout = payments().with("case/expected/per_minute.jsonl", &more).test(1);
    says(
        &stdout,
        &["2 rows as expected, 1 missing", r#"- {"minute":null,"payer":"cyd","payments":null,"total":null}"#],
    );
}

#[test]
fn a_row_that_nobody_expects_is_unexpected_also_when_it_comes_twice() {
    let fewer = PER_MINUTE.lines().next().unwrap();
    let stdout = payments().with("case/expected/per_minute.jsonl", fewer).test(1);
    says(&stdout, &["1 row as expected, 1 unexpected", r#"+ {"minute":"2026-03-01 12:00:00","payer":"ada""#]);

    let rows_as_they_are = SCRIPT
        .replace("(minute TIMESTAMP(3), payer STRING, payments BIGINT, total DOUBLE)", "(payer STRING)")
        .split("SELECT window_start")
        .next()
        .unwrap()
        .to_owned()
        + "SELECT payer FROM payments;";
    let twice = Place::empty()
        .with("case/pipeline.sql", &rows_as_they_are)
        .with("case/input/payments.jsonl", PAYMENTS)
        .with("case/expected/per_minute.jsonl", "{\"payer\": \"ada\"}\n{\"payer\": \"bob\"}\n");
    says(&twice.test(1), &["2 rows as expected, 1 unexpected", r#"+ {"payer":"ada"}"#]);
}

#[test]
fn a_dead_letter_that_nobody_expects_is_shown_with_its_reason() {
    let late = format!(
        "{PAYMENTS}{}\n{}\n",
        r#"{"payer": "bob", "at": "2026-03-01 12:03:00"}"#,
        r#"{"payer": "ada", "amount": 9, "at": "2026-03-01 12:00:40"}"#
    );
    let expected =
        format!("{PER_MINUTE}{}\n", r#"{"minute": "2026-03-01 12:03:00", "payer": "bob", "payments": 1}"#);
    let place =
        payments().with("case/input/payments.jsonl", &late).with("case/expected/per_minute.jsonl", &expected);
    let stdout = place.test(1);
    says(&stdout, &["3 rows as expected", "dead letters: 0 as expected, 1 unexpected"]);
    says(&stdout, &[r#"+ {"reason":"late","table":"payments","value":{"#, "140000 ms behind the watermark"]);
    place.with("case/expected/dead_letters.jsonl", r#"{"reason": "late", "value": {"amount": 9}}"#).test(0);
}

#[test]
fn a_dead_letter_that_did_not_come_is_missing() {
    let stdout = payments().with("case/expected/dead_letters.jsonl", r#"{"reason": "decode"}"#).test(1);
    says(&stdout, &["dead letters: 0 as expected, 1 missing", r#"- {"reason":"decode"}"#]);
}

#[test]
fn a_sink_without_a_file_is_not_checked_and_that_is_said() {
    let second = "CREATE TABLE payers (payer STRING) WITH ('connector' = 'print');
        INSERT INTO payers SELECT payer FROM payments;";
    let script = format!("{SCRIPT}{second}");
    let stdout = payments().with("case/pipeline.sql", &script).test(0);
    says(&stdout, &["payers: 3 rows, not checked: there is no expected/payers.jsonl"]);
}

/// Goal: a record that ends a pipeline ends it here first.
#[test]
fn a_pipeline_that_stops_at_a_record_fails() {
    let script = SCRIPT.replace("SUM(amount)", "SUM(CAST(payer AS INT))");
    let place = payments().with("case/pipeline.sql", &script);
    says(&place.test(1), &["FAILED  case\n  the pipeline stopped before its end: ", "'ada' is no INT"]);
    let finished = place.run(&["test", "--update", "case"]).expect_code(78);
    says(&finished.stdout, &["the pipeline stopped, so nothing is written"]);
    assert_eq!(fs::read_to_string(place.path("case/expected/per_minute.jsonl")).unwrap(), PER_MINUTE);
}

#[test]
fn several_cases_are_counted_and_a_broken_one_decides_the_exit_code() {
    let place = payments()
        .with("cases/a/pipeline.sql", SCRIPT)
        .with("cases/a/input/payments.jsonl", PAYMENTS)
        .with("cases/a/expected/per_minute.jsonl", "")
        .with("cases/deep/b/pipeline.sql", SCRIPT)
        .with("cases/deep/b/input/payments.jsonl", "")
        .with("cases/deep/b/expected/per_minute.jsonl", "");
    let stdout = place.run(&["test", "cases", "case"]).expect_code(1).stdout;
    says(&stdout, &["FAILED  cases/a", "passed  cases/deep/b", "passed  case\n", "2 passed, 1 failed\n"]);
    let place = place.with("cases/c/input/payment.jsonl", "").with("cases/c/pipeline.sql", SCRIPT);
    let stdout = place.run(&["test", "cases"]).expect_code(78).stdout;
    says(&stdout, &["BROKEN  cases/c", "1 passed, 1 failed, 1 broken\n"]);
}

#[test]
fn a_script_elsewhere_is_named_by_a_flag() {
    let place = payments().with("own.sql", SCRIPT);
    fs::remove_file(place.path("case/pipeline.sql")).unwrap();
    place.run(&["test", "case", "--sql", "own.sql"]).expect_code(0);
}

/// Goal: what `--update` writes is what came, and passes.
#[test]
fn update_writes_what_came() {
    let place = payments().with("case/expected/per_minute.jsonl", "{\"payer\": \"nobody\"}");
    let bad = format!("{PAYMENTS}no JSON\n");
    let place = place.with("case/input/payments.jsonl", &bad);
    let stdout = place.run(&["test", "--update", "case"]).expect_code(0).stdout;
    says(&stdout, &["written case/expected/per_minute.jsonl", "1 updated, 0 failed"]);
    let written = fs::read_to_string(place.path("case/expected/per_minute.jsonl")).unwrap();
    assert_eq!(
        written,
        r#"{"minute":"2026-03-01 12:00:00","payer":"ada","payments":2,"total":4.5}
{"minute":"2026-03-01 12:00:00","payer":"bob","payments":1,"total":2.0}
"#
    );
    let letters = fs::read_to_string(place.path("case/expected/dead_letters.jsonl")).unwrap();
    assert_eq!(letters, "{\"reason\":\"decode\",\"table\":\"payments\",\"value\":\"no JSON\"}\n");
    place.test(0);
}
