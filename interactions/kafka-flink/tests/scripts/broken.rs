//! Cases that give no verdict: which file, which line, and what to do.

use crate::{PAYMENTS, PER_MINUTE, Place, SCRIPT, payments, says};
use std::fs;

/// The code of a broken folder.
const CONFIG: i32 = 78;

#[test]
fn a_folder_that_is_none_or_empty_is_named() {
    let finished = Place::empty().run(&["test", "nowhere"]).expect_code(CONFIG);
    says(&finished.stderr, &["nowhere: there is no such folder"]);
    let finished = Place::empty().with("empty/readme", "").run(&["test", "empty"]).expect_code(CONFIG);
    says(&finished.stderr, &["empty: holds no case", "input/<table>.jsonl"]);
}

#[test]
fn every_table_that_is_read_needs_its_file_and_no_file_is_of_another() {
    let place = payments();
    fs::rename(place.path("case/input/payments.jsonl"), place.path("case/input/payment.jsonl")).unwrap();
    says(&place.test(CONFIG), &["payment.jsonl: is of no table that the script reads; there is: payments"]);
    fs::remove_file(place.path("case/input/payment.jsonl")).unwrap();
    says(&place.test(CONFIG), &["has no records of table 'payments'", "make payments.jsonl"]);
}

#[test]
fn a_file_of_no_sink_is_named_with_the_sinks() {
    let stdout = payments().with("case/expected/per_hour.jsonl", "").test(CONFIG);
    says(
        &stdout,
        &["per_hour.jsonl: is of no table that the script writes; there is: per_minute, dead_letters"],
    );
}

#[test]
fn a_case_without_expectations_is_no_test() {
    let place = payments();
    fs::remove_dir_all(place.path("case/expected")).unwrap();
    says(&place.test(CONFIG), &["has no expected/: nothing would be checked"]);
}

#[test]
fn an_expected_row_that_cannot_come_is_named_by_line() {
    let rows = [
        (
            r#"{"payer": "ada", "totl": 1}"#,
            r#"line 3: table 'per_minute' has no column "totl"; there is: total, "#,
        ),
        (r#"{"payments": 1.5}"#, r#"line 3: column "payments" is BIGINT, which holds 1.5 as 1; expect that"#),
        (r#"{"payments": "many"}"#, r#"line 3: column "payments": expected BIGINT, got "many""#),
        ("ada, 1", "line 3: is no JSON object"),
    ];
    for (row, problem) in rows {
        let place = payments().with("case/expected/per_minute.jsonl", &format!("{PER_MINUTE}{row}"));
        says(&place.test(CONFIG), &["BROKEN  case", "case/expected/per_minute.jsonl", problem]);
    }
    let place = payments().with("case/expected/dead_letters.jsonl", r#"{"raison": "late"}"#);
    says(
        &place.test(CONFIG),
        &[r#"dead_letters.jsonl, line 1: a dead letter has no field "raison"; there is: reason"#],
    );
}

#[test]
fn input_in_another_form_is_refused() {
    let place = payments().with("case/input/payments.jsonl", &format!("[{PAYMENTS}]"));
    says(&place.test(CONFIG), &["payments.jsonl, line 1: begins an array"]);
    let place = payments().with("case/input/payments.csv", "ada,1");
    says(&place.test(CONFIG), &["is of the same table as"]);
    let place = payments().with("case/input/payments.records.jsonl", r#"{"vlaue": 1}"#);
    fs::remove_file(place.path("case/input/payments.jsonl")).unwrap();
    says(&place.test(CONFIG), &["payments.records.jsonl, line 1", "vlaue"]);
}

#[test]
fn a_mistake_in_the_script_has_the_code_and_the_place_it_has_elsewhere() {
    let stdout = payments().with("case/pipeline.sql", &SCRIPT.replace("SUM(amount)", "SUM(amont)")).test(65);
    says(&stdout, &["the script cannot run", "line 11, column 43", "amont"]);
    let two = payments().with("case/other.sql", SCRIPT).with("case/third.sql", SCRIPT);
    two.test(0);
    fs::remove_file(two.path("case/pipeline.sql")).unwrap();
    says(&two.test(CONFIG), &["holds several scripts; name the one that is tested pipeline.sql"]);
}
