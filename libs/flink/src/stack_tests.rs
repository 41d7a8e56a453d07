//! Stacks in, causes out. Files under testdata are answers of Flink 2.2.1.

use super::*;
use expect_test::{Expect, expect};

#[track_caller]
fn check(text: &str, expect: Expect) {
    let cause = reduce(text);
    let place = cause.place.map_or_else(String::new, |place| format!(" at {place}"));
    expect.assert_eq(&format!("{:?}{place}: {}", cause.fault(), cause.named()));
}

/// The texts of an answer that was recorded.
fn recorded(answer: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let texts = answer["errors"].as_array().unwrap().iter();
    texts.map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_parser_says_what_it_met_and_not_all_it_would_have_taken() {
    check(
        "Internal server error.\n<Exception on server side:\norg.apache.flink.table.gateway.service.utils.SqlExecutionException: Failed to execute the operation 1.\n\tat a.B.c(B.java:1)\nCaused by: org.apache.flink.table.api.SqlParserException: SQL parse failed. Encountered \"FORM t\" at line 1, column 10.\nWas expecting one of:\n    \"EXCEPT\" ...\n    \"FETCH\" ...\n    \n\tat a.B.c(B.java:1)\nCaused by: org.apache.calcite.sql.parser.SqlParseException: Encountered \"FORM t\" at line 1, column 10.\nWas expecting one of:\n    \"EXCEPT\" ...\n    \n\tat a.B.c(B.java:1)\n\t... 9 more\n\nEnd of exception on server side>",
        expect![[r#"Sql at line 1, column 10: SqlParseException: Encountered "FORM t"."#]],
    );
}

#[test]
fn a_validator_names_a_range_and_we_its_start() {
    check(
        "org.apache.flink.table.api.ValidationException: SQL validation failed. From line 2, column 8 to line 2, column 10: Column 'x' not found in any table\n\tat a.B.c(B.java:1)\nCaused by: org.apache.calcite.runtime.CalciteContextException: From line 2, column 8 to line 2, column 10: Column 'x' not found in any table\n\tat a.B.c(B.java:1)\nCaused by: org.apache.calcite.sql.validate.SqlValidatorException: Column 'x' not found in any table\n\t... 9 more",
        expect!["Sql at line 2, column 8: SqlValidatorException: Column 'x' not found in any table"],
    );
}

#[test]
fn the_innermost_that_says_something_is_the_cause() {
    check(
        "java.util.concurrent.CompletionException: org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy\n\tat a.B.c(B.java:1)\n\tSuppressed: java.io.IOException: not this\n\t\tat a.B.c(B.java:1)\nCaused by: java.lang.NumberFormatException: For input string: 'x1'. Invalid character found.\n\tat a.B.c(B.java:1)\nCaused by: java.lang.NullPointerException\n\tat a.B.c(B.java:1)",
        expect!["Job: NumberFormatException: For input string: 'x1'. Invalid character found."],
    );
}

#[test]
fn what_is_no_stack_stays_as_it_is() {
    check("Not found: /v9/info", expect!["Other: Not found: /v9/info"]);
    check("", expect!["Other: "]);
}

#[test]
fn a_job_manager_that_is_away_behind_the_gateway() {
    check(
        &recorded(include_str!("../testdata/jobmanager_away.json")),
        expect!["ClusterUnreachable: AnnotatedConnectException: Connection refused: /127.0.0.1:8081"],
    );
}

#[test]
fn a_session_that_is_gone() {
    check(
        &recorded(include_str!("../testdata/session_gone.json")),
        expect![
            "SessionGone: SqlGatewayException: Session '5e55aaaa-8b52-42f4-93a0-b8b948552452' does not exist."
        ],
    );
}

#[test]
fn a_statement_that_does_not_parse() {
    check(
        &recorded(include_str!("../testdata/parse_error.json")),
        expect![[r#"Sql at line 1, column 15: ParseException: Encountered "t"."#]],
    );
}

#[test]
fn a_column_and_a_table_that_are_not_there() {
    check(
        &recorded(include_str!("../testdata/unknown_column.json")),
        expect!["Sql at line 2, column 4: SqlValidatorException: Column 'x' not found in any table"],
    );
    check(
        &recorded(include_str!("../testdata/unknown_table.json")),
        expect!["Sql at line 1, column 15: SqlValidatorException: Object 'nowhere' not found"],
    );
}

#[test]
fn a_connector_that_is_not_there() {
    check(
        &recorded(include_str!("../testdata/unknown_connector.json")),
        expect![
            "Sql: ValidationException: Could not find any factory for identifier 'nothing' that implements 'org.apache.flink.table.factories.DynamicTableFactory' in the classpath. Available factory identifiers are: blackhole datagen filesystem legacy-csv print"
        ],
    );
}
