//! `docs/flink-compat.md`, made of the first lines of all cases.

use crate::case::{Case, Ends, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The whole page. Nothing but the cases goes into it, so it is stale exactly when it differs.
pub fn page(cases: &[Case]) -> String {
    let mut areas: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        areas.entry(&case.area).or_default().push(case);
    }
    let mut page = HEAD.to_owned();
    let _ = writeln!(page, "| | cases | same | different | refused | error |");
    let _ = writeln!(page, "|---|---:|---:|---:|---:|---:|");
    for (area, cases) in &areas {
        let _ = writeln!(page, "| [{area}](#{}) | {} |", anchor(area), counts(cases));
    }
    let all: Vec<&Case> = cases.iter().collect();
    let _ = writeln!(page, "| **all** | {} |", counts(&all));
    for (area, cases) in &areas {
        let _ = writeln!(page, "\n## {area}\n\n| feature | embedded engine | case |\n|---|---|---|");
        for case in cases {
            let name = &case.name;
            let link = format!("[{name}](../e2e/parity/cases/{name}/case.sql)");
            let _ = writeln!(page, "| {} | {} | {link} |", cell(&case.feature), cell(&state(case)));
        }
    }
    page
}

const HEAD: &str = "\
# Flink SQL on the embedded engine

Every line is a script that the suite `e2e/parity` runs twice, as `stream_processor --engine embedded` and on a real Apache
Flink 2.2.1 cluster (`--engine flink`), over the same Kafka topics. *Same* means equal rows, with decimals and integers
compared digit by digit; *different* that both run it and do not agree; *refused* that the embedded engine says so before it
reads a row, and the cluster runs it; *error* that both refuse it, at the same line and column where Flink names them. The suite fails when a line is not
true.

This page is generated from the cases; do not edit it: `tools/bazel run //e2e/parity:compat`.

";

fn counts(cases: &[&Case]) -> String {
    let of = |wanted: fn(&Verdict) -> bool| cases.iter().filter(|case| wanted(&case.verdict)).count();
    format!(
        "{} | {} | {} | {} | {}",
        cases.len(),
        of(|verdict| *verdict == Verdict::Same),
        of(|verdict| matches!(verdict, Verdict::Different(_))),
        of(|verdict| matches!(verdict, Verdict::Refused(_))),
        of(|verdict| matches!(verdict, Verdict::Error { .. }))
    )
}

fn state(case: &Case) -> String {
    match &case.verdict {
        Verdict::Same if case.ends == Ends::Failed => "same: both stop".to_owned(),
        Verdict::Same => "same".to_owned(),
        Verdict::Different(why) => format!("**different**: {why}"),
        Verdict::Refused(message) => format!("*refused*: {message}"),
        Verdict::Error { line, column, alone: false } => format!("same error: line {line}, column {column}"),
        Verdict::Error { line, column, alone: true } => {
            format!("error in both: line {line}, column {column}; Flink does not say where")
        }
    }
}

/// A `|` would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_page_has_counts_and_a_line_for_each_case() {
        let case = |name: &str, feature: &str, verdict: &str| {
            Case::parse(name, &format!("-- feature: {feature}\n-- verdict: {verdict}\n")).unwrap()
        };
        let cases = [
            case("a", "Text | a || b", "same"),
            case("b", "Joins, all | by key", "refused: no JOIN"),
            case("c", "Text | x", "different: why"),
            case("d", "Text | y", "error: line 1, column 2"),
            case("e", "Text | z", "same\n-- ends: failed"),
        ];
        let page = page(&cases);
        expect![[r#"
            | | cases | same | different | refused | error |
            |---|---:|---:|---:|---:|---:|
            | [Joins, all](#joins-all) | 1 | 0 | 0 | 1 | 0 |
            | [Text](#text) | 4 | 2 | 1 | 0 | 1 |
            | **all** | 5 | 2 | 1 | 1 | 1 |

            ## Joins, all

            | feature | embedded engine | case |
            |---|---|---|
            | by key | *refused*: no JOIN | [b](../e2e/parity/cases/b/case.sql) |

            ## Text

            | feature | embedded engine | case |
            |---|---|---|
            | a \|\| b | same | [a](../e2e/parity/cases/a/case.sql) |
            | x | **different**: why | [c](../e2e/parity/cases/c/case.sql) |
            | y | same error: line 1, column 2 | [d](../e2e/parity/cases/d/case.sql) |
            | z | same: both stop | [e](../e2e/parity/cases/e/case.sql) |
        "#]]
        .assert_eq(page.strip_prefix(HEAD).unwrap());
    }
}
