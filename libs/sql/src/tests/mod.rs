//! Whole scripts: what they become, and what is refused where.

mod connect;
mod expressions;
mod fake;
mod fuzz;
mod lateness;
mod plans;
mod refusals;
mod running;
mod runs;
mod sinks;
mod windows;

use crate::{SqlError, parse, plan};
use expect_test::Expect;

/// Tables most tests read and write.
const TABLES: &str = "\
CREATE TABLE t (k STRING, i INT, b BIGINT, d DOUBLE, p DECIMAL(10, 2), ts TIMESTAMP(3), r ROW<x INT, y ROW<z STRING>>, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'fake', 'path' = 'x');
CREATE TABLE plain (k STRING, i INT, at TIMESTAMP(3)) WITH ('connector' = 'fake', 'path' = 'x');
CREATE TABLE out (k STRING, n BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
";

/// The plan of a script, or its errors.
fn planned(text: &str) -> Result<crate::Pipeline, SqlError> {
    plan(&parse(text)?)
}

#[track_caller]
fn check(text: &str, expect: Expect) {
    let got = planned(text).map_or_else(|error| error.to_string(), |pipeline| pipeline.describe());
    expect.assert_eq(&got);
}

/// With [`TABLES`] before it, on lines 1 to 3.
#[track_caller]
fn check_with_tables(text: &str, expect: Expect) {
    check(&format!("{TABLES}{text}"), expect);
}

/// One script per line, each with [`TABLES`] before it, so that it stands on line 4.
#[track_caller]
fn check_each(scripts: &str, expect: Expect) {
    let outcome = |script: &str| match planned(&format!("{TABLES}{script}")) {
        Ok(_) => format!("{script}\n    planned\n"),
        Err(error) => format!("{script}\n    {}\n", error.to_string().replace('\n', "\n    ")),
    };
    expect.assert_eq(&scripts.lines().map(outcome).collect::<String>());
}
