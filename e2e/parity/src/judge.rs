//! Whether a case says what is so.

use crate::case::{Case, Ends, NO_PLACE, Verdict};
use crate::value::Value;
use std::collections::BTreeMap;

/// How many differences are told of one output.
const TOLD_MAX: usize = 8;

/// Which program ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Embedded,
    Flink,
}

/// How a run of one engine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With the rows of each output.
    Ran(BTreeMap<String, Vec<Value>>),
    /// The script was refused before a row was read; with the line and column of the message, if it names them.
    Refused { place: Option<(u64, u64)>, message: String },
    /// It failed while rows ran, or did not end.
    Failed { message: String },
}

impl Outcome {
    /// Reads what `stream_processor` printed before it ended with `code`, which is not 0. `None`: it tells nothing of the
    /// script, as when a service is away.
    pub fn of_failure(code: Option<i32>, stderr: &str) -> Option<Self> {
        let message = stderr.trim().to_owned();
        match code {
            // A script, or options of its tables.
            Some(65) if stderr.contains("the script cannot run") => {
                Some(Self::Refused { place: place(stderr), message })
            }
            Some(64 | 78) => Some(Self::Refused { place: place(stderr), message }),
            // Data; or, for Flink, a job that failed.
            Some(1 | 65) => Some(Self::Failed { message }),
            _ => None,
        }
    }
}

/// The first `line L, column C`.
fn place(text: &str) -> Option<(u64, u64)> {
    text.match_indices("line ").find_map(|(at, _)| {
        let rest = &text[at + "line ".len()..];
        let (line, rest) = rest.split_once(", column ")?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some((line.parse().ok()?, rest[..digits].parse().ok()?))
    })
}

/// How two runs compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// So many rows over all outputs.
    Same(usize),
    BothFailed,
    Different(Vec<String>),
    /// By the embedded engine, while Flink gives so many rows.
    Refused {
        message: String,
        rows: usize,
    },
    Error {
        line: u64,
        column: u64,
        /// Flink refuses it too, and does not say where.
        alone: bool,
    },
}

/// What the runs of both engines amount to.
pub fn compare(embedded: &Outcome, flink: &Outcome) -> Found {
    use Outcome::{Failed, Ran, Refused};
    match (embedded, flink) {
        (Ran(ours), Ran(theirs)) => {
            let differences = differences(ours, theirs);
            match differences.is_empty() {
                true => Found::Same(count(theirs)),
                false => Found::Different(differences),
            }
        }
        (Refused { message, .. }, Ran(rows)) => {
            Found::Refused { message: message.clone(), rows: count(rows) }
        }
        (Refused { place: Some((line, column)), .. }, Refused { place: theirs, .. })
            if theirs.is_none_or(|theirs| theirs == (*line, *column)) =>
        {
            Found::Error { line: *line, column: *column, alone: theirs.is_none() }
        }
        (Failed { .. }, Failed { .. }) => Found::BothFailed,
        _ => {
            Found::Different(vec![format!("embedded: {}", told(embedded)), format!("flink: {}", told(flink))])
        }
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ran(rows) => format!("ran, {} rows", count(rows)),
        Outcome::Refused { message, .. } => format!("refused: {message}"),
        Outcome::Failed { message } => format!("failed: {message}"),
    }
}

fn count(outputs: &BTreeMap<String, Vec<Value>>) -> usize {
    outputs.values().map(Vec::len).sum()
}

fn differences(ours: &BTreeMap<String, Vec<Value>>, theirs: &BTreeMap<String, Vec<Value>>) -> Vec<String> {
    let mut told = Vec::new();
    for (name, theirs) in theirs {
        let none = Vec::new();
        let (mut only_ours, mut only_theirs) = apart(ours.get(name).unwrap_or(&none), theirs);
        let total = only_ours.len().max(only_theirs.len());
        for _ in 0..total.min(TOLD_MAX) {
            let (our, their) = nearest(&mut only_ours, &mut only_theirs);
            told.push(format!(
                "{name}: embedded {our}\n{:>1$}",
                format!("flink    {their}"),
                name.len() + 2 + 9 + their.len()
            ));
        }
        if total > TOLD_MAX {
            told.push(format!("{name}: and {} more", total - TOLD_MAX));
        }
    }
    told
}

/// The rows of either side that the other lacks, with repetitions.
fn apart(ours: &[Value], theirs: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let mut rest = theirs.to_vec();
    let mut only_ours = Vec::new();
    for row in ours {
        match rest.iter().position(|other| other == row) {
            Some(at) => _ = rest.swap_remove(at),
            None => only_ours.push(row.clone()),
        }
    }
    only_ours.sort();
    rest.sort();
    (only_ours, rest)
}

/// Takes the two rows that have most in common, as a person reads them.
fn nearest(ours: &mut Vec<Value>, theirs: &mut Vec<Value>) -> (String, String) {
    if ours.is_empty() || theirs.is_empty() {
        let lone = |rows: &mut Vec<Value>| match rows.is_empty() {
            true => "(no such row)".to_owned(),
            false => rows.remove(0).to_string(),
        };
        return (lone(ours), lone(theirs));
    }
    let pairs = (0..ours.len()).flat_map(|our| (0..theirs.len()).map(move |their| (our, their)));
    let best = pairs.max_by_key(|(our, their)| in_common(&ours[*our], &theirs[*their]));
    let (our, their) = best.unwrap_or((0, 0));
    let (our, their) = (ours.remove(our), theirs.remove(their));
    match (our, their) {
        (Value::Object(mut our), Value::Object(mut their)) => {
            // Only what tells the row apart, its first column, and what differs.
            let id = ["id", "k"].iter().find(|id| our.contains_key(**id) && our.get(**id) == their.get(**id));
            let equal: Vec<String> = our
                .iter()
                .filter(|(name, value)| their.get(*name) == Some(value) && Some(&name.as_str()) != id)
                .map(|(name, _)| name.clone())
                .collect();
            if id.is_some() {
                for name in equal {
                    our.remove(&name);
                    their.remove(&name);
                }
            }
            (Value::Object(our).to_string(), Value::Object(their).to_string())
        }
        (our, their) => (our.to_string(), their.to_string()),
    }
}

fn in_common(our: &Value, their: &Value) -> usize {
    match (our, their) {
        (Value::Object(our), Value::Object(their)) => {
            let equal = our.iter().filter(|(name, value)| their.get(*name) == Some(value)).count();
            // Rows of one id belong together, whatever else they share.
            let id = our.get("id").is_some_and(|id| their.get("id") == Some(id));
            equal + if id { 1_000 } else { 0 }
        }
        _ => 0,
    }
}

/// `Err` says what the case should say.
pub fn judge(case: &Case, found: &Found) -> Result<(), String> {
    let rows_fit = |rows: usize| match case.ends {
        Ends::Rows(None) => rows > 0,
        Ends::Rows(Some(expected)) => rows == expected,
        Ends::Failed => false,
    };
    match (&case.verdict, found) {
        (Verdict::Same, Found::Same(rows)) if rows_fit(*rows) => Ok(()),
        (Verdict::Same, Found::BothFailed) if case.ends == Ends::Failed => Ok(()),
        (Verdict::Different(_), Found::Different(_)) => Ok(()),
        (Verdict::Refused(text), Found::Refused { message, rows }) if message.contains(text.as_str()) => {
            match rows_fit(*rows) {
                true => Ok(()),
                false => Err(format!("Flink gave {rows} rows; the case expects {}", expected(case.ends))),
            }
        }
        (Verdict::Error { line, column, alone }, Found::Error { line: l, column: c, alone: a })
            if (line, column, alone) == (l, c, a) =>
        {
            Ok(())
        }
        (Verdict::Same, Found::Same(rows)) => {
            Err(format!("both gave the same {rows} rows; the case expects {}", expected(case.ends)))
        }
        _ => Err(format!("the case says `{}`; found {}", verdict(&case.verdict), should_say(found))),
    }
}

fn expected(ends: Ends) -> String {
    match ends {
        Ends::Rows(None) => "at least one (`-- rows: 0` if none is right)".to_owned(),
        Ends::Rows(Some(rows)) => format!("`-- rows: {rows}`"),
        Ends::Failed => "`-- ends: failed`".to_owned(),
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Same => "same".to_owned(),
        Verdict::Different(why) => format!("different: {why}"),
        Verdict::Refused(message) => format!("refused: {message}"),
        Verdict::Error { line, column, alone } => error(*line, *column, *alone),
    }
}

fn error(line: u64, column: u64, alone: bool) -> String {
    format!("error: line {line}, column {column}{}", if alone { NO_PLACE } else { "" })
}

fn should_say(found: &Found) -> String {
    match found {
        Found::Same(rows) => format!("`verdict: same` ({rows} rows)"),
        Found::BothFailed => "`verdict: same` with `ends: failed`".to_owned(),
        Found::Different(differences) => format!("`verdict: different: …`:\n{}", differences.join("\n")),
        Found::Refused { message, rows } => {
            format!("`verdict: refused: …` (Flink gives {rows} rows), the embedded engine says:\n{message}")
        }
        Found::Error { line, column, alone } => format!("`verdict: {}`", error(*line, *column, *alone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn case(verdict: &str) -> Case {
        Case::parse("c", &format!("-- feature: a | b\n-- verdict: {verdict}\n")).unwrap()
    }

    fn ran(rows: &[&str]) -> Outcome {
        Outcome::Ran(BTreeMap::from([("out".into(), rows.iter().map(|row| Value::read(row)).collect())]))
    }

    fn script_error(line: u64, column: u64) -> Outcome {
        let stderr = format!("error: the script cannot run\n  line {line}, column {column}, at 'x': no");
        Outcome::of_failure(Some(65), &stderr).unwrap()
    }

    fn judged(verdict: &str, embedded: &Outcome, flink: &Outcome) -> Result<(), String> {
        judge(&case(verdict), &compare(embedded, flink))
    }

    #[test]
    fn only_the_true_verdict_passes() {
        let nowhere = Outcome::of_failure(Some(65), "error: the script cannot run\n  no columns").unwrap();
        let failed = Outcome::of_failure(Some(65), "error: division by zero").unwrap();
        assert_eq!(Outcome::of_failure(Some(69), "error: no broker"), None);
        let rows = ran(&[r#"{"id":1}"#, r#"{"id":1}"#, r#"{"id":2}"#]);
        let pairs = [
            ("same", &rows, &ran(&[r#"{"id":2}"#, r#"{"id":1.0}"#, r#"{"id":1}"#])),
            ("same\n-- rows: 3", &rows, &rows),
            ("same\n-- ends: failed", &failed, &failed),
            ("different: why", &rows, &ran(&[r#"{"id":1}"#, r#"{"id":2}"#])),
            ("different: why", &failed, &rows),
            ("different: why", &rows, &script_error(1, 1)),
            ("different: why", &script_error(1, 2), &script_error(1, 1)),
            ("refused: at 'x': no", &script_error(1, 2), &rows),
            ("error: line 1, column 2", &script_error(1, 2), &script_error(1, 2)),
            ("error: line 1, column 2 (Flink names no place)", &script_error(1, 2), &nowhere),
        ];
        for (at, (right, embedded, flink)) in pairs.iter().enumerate() {
            for (other, (verdict, ..)) in pairs.iter().enumerate() {
                let alike = verdict == right || (at < 2 && other < 2);
                assert_eq!(judged(verdict, embedded, flink).is_ok(), alike, "{right}: {verdict}");
            }
        }
        assert!(judged("refused: something else", &script_error(1, 2), &rows).is_err());
        assert!(judged("error: line 2, column 2", &script_error(1, 2), &script_error(1, 2)).is_err());
        // Nothing compared with nothing shows nothing, unless it is said.
        assert!(judged("same", &ran(&[]), &ran(&[])).is_err());
        assert!(judged("same\n-- rows: 0", &ran(&[]), &ran(&[])).is_ok());
        assert!(judged("refused: at 'x': no", &script_error(1, 2), &ran(&[])).is_err());
    }

    #[test]
    fn differences_name_the_row_and_both_values() {
        let ours = ran(&[r#"{"id":1,"a":1.5,"b":"x"}"#, r#"{"id":2,"a":2}"#, r#"{"id":3,"a":3}"#]);
        let theirs = ran(&[r#"{"id":2,"a":2}"#, r#"{"id":1,"a":1.6,"b":"x"}"#]);
        let told = judged("same", &ours, &theirs).unwrap_err();
        expect![[r#"
            the case says `same`; found `verdict: different: …`:
            out: embedded {a: 1.5, id: 1}
                 flink    {a: 1.6, id: 1}
            out: embedded {a: 3, id: 3}
                 flink    (no such row)"#]]
        .assert_eq(&told);
    }

    #[test]
    fn places_are_read_from_messages() {
        assert_eq!(place("line 12, column 3, at 'x'"), Some((12, 3)));
        assert_eq!(place("in line noise: line 1, column 8: no"), Some((1, 8)));
        assert_eq!(place("no place"), None);
    }
}
