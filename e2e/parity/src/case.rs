//! A case as its folder tells it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How the embedded engine compares with Flink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Equal rows; or, where the case says so, both fail while rows run.
    Same,
    /// Both take the script and do not agree; with the reason.
    Different(String),
    /// The embedded engine refuses what Flink runs; with what it says.
    Refused(String),
    /// Both refuse the script, at the same line and column; where Flink names no place, only ours is known.
    Error { line: u64, column: u64, alone: bool },
}

/// Follows the place of an error that Flink refuses without one.
pub(crate) const NO_PLACE: &str = " (Flink names no place)";

/// How a run ends that the engines agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// With this many rows over all outputs; `None`: with at least one.
    Rows(Option<usize>),
    /// With an error, once rows run.
    Failed,
}

/// A folder of `cases/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    pub area: String,
    /// What it shows, in a line that a Flink user understands.
    pub feature: String,
    pub verdict: Verdict,
    pub ends: Ends,
    /// Of each input topic.
    pub partitions: i32,
    /// `case.sql` with what it includes, headers too, so that lines count alike everywhere.
    pub script: String,
}

/// What is wrong with a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error("case {case}: {problem}")]
    Wrong { case: String, problem: String },
    #[error("{} cannot be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

impl CaseError {
    pub(crate) fn wrong(case: &str, problem: impl Into<String>) -> Self {
        Self::Wrong { case: case.to_owned(), problem: problem.into() }
    }
}

impl Case {
    /// Reads the comment lines that `case.sql` begins with.
    pub fn parse(name: &str, script: &str) -> Result<Self, CaseError> {
        let wrong = |problem: String| CaseError::wrong(name, problem);
        let (mut feature, mut verdict, mut ends, mut partitions) = (None, None, Ends::Rows(None), 1);
        let mut seen = BTreeSet::new();
        for line in script.lines().map_while(|line| line.strip_prefix("-- ")) {
            // Further lines of comment are for the reader.
            let Some((key, value)) = line.split_once(": ") else { continue };
            let value = value.trim();
            match key {
                "feature" => {
                    let parts = value.split_once(" | ");
                    feature = Some(parts.ok_or_else(|| {
                        wrong(format!("`feature: {value}` lacks ` | ` between area and text"))
                    })?);
                }
                "verdict" => verdict = Some(read_verdict(value).map_err(&wrong)?),
                "rows" => {
                    let count = value.parse().map_err(|_| wrong(format!("`rows: {value}` is no number")))?;
                    ends = Ends::Rows(Some(count));
                }
                "ends" if value == "failed" => ends = Ends::Failed,
                "ends" => return Err(wrong(format!("`ends: {value}`; only `failed` is known"))),
                "partitions" => {
                    partitions =
                        value.parse().map_err(|_| wrong(format!("`partitions: {value}` is no number")))?;
                }
                _ => continue,
            }
            if !seen.insert(key) {
                return Err(wrong(format!("`{key}` stands twice")));
            }
        }
        let missing = |key: &str| wrong(format!("case.sql does not begin with `-- {key}: …`"));
        let (area, feature) = feature.ok_or_else(|| missing("feature"))?;
        Ok(Self {
            name: name.to_owned(),
            area: area.trim().to_owned(),
            feature: feature.trim().to_owned(),
            verdict: verdict.ok_or_else(|| missing("verdict"))?,
            ends,
            partitions,
            script: script.to_owned(),
        })
    }
}

fn read_verdict(text: &str) -> Result<Verdict, String> {
    let (word, rest) = text.split_once(": ").unwrap_or((text, ""));
    let rest = rest.trim().to_owned();
    match word {
        "same" if rest.is_empty() => Ok(Verdict::Same),
        "different" if !rest.is_empty() => Ok(Verdict::Different(rest)),
        "refused" if !rest.is_empty() => Ok(Verdict::Refused(rest)),
        "error" => {
            let alone = rest.strip_suffix(NO_PLACE);
            let place =
                alone.unwrap_or(&rest).strip_prefix("line ").and_then(|rest| rest.split_once(", column "));
            let place = place.and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
            let (line, column) =
                place.ok_or_else(|| format!("`verdict: {text}` is not `error: line 1, column 1`"))?;
            Ok(Verdict::Error { line, column, alone: alone.is_some() })
        }
        _ => Err(format!(
            "`verdict: {text}`; it is `same`, `different: why`, `refused: message` or `error: line 1, column 1`"
        )),
    }
}

/// Every case of a folder, by name.
pub fn cases(folder: &Path) -> Result<Vec<Case>, CaseError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |cause| CaseError::Unreadable { path, cause }
    };
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let path = entry.path().join("case.sql");
        let script = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let script = included(&name, &script, |file| {
            let path = entry.path().join(file);
            std::fs::read_to_string(&path).map_err(unreadable(&path))
        })?;
        cases.push(Case::parse(&name, &script)?);
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

/// Puts `name.sql` of the case's folder in the place of `${sql:name}`, on one line, so that lines count as in the case.
fn included(
    case: &str,
    script: &str,
    read: impl Fn(&str) -> Result<String, CaseError>,
) -> Result<String, CaseError> {
    let mut text = String::with_capacity(script.len());
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("${sql:") {
        let (name, behind) =
            after.split_once('}').ok_or_else(|| CaseError::wrong(case, "a `${sql:` without its `}`"))?;
        let included = read(&format!("{name}.sql"))?;
        // A comment would take the rest of the line with it.
        let lines: Vec<&str> = included.lines().filter(|line| !line.starts_with("--")).collect();
        text.push_str(before);
        text.push_str(&lines.join(" "));
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_on_the_line_that_includes_it() {
        let read = |file: &str| match file {
            "tables.sql" => {
                Ok("-- Tables.\nCREATE TABLE a (\n  x INT);\nCREATE TABLE b (x INT);\n".to_owned())
            }
            other => Err(CaseError::wrong("c", format!("no {other}"))),
        };
        let text = included("c", "-- feature\n${sql:tables}\nINSERT", read).unwrap();
        assert_eq!(text, "-- feature\nCREATE TABLE a (   x INT); CREATE TABLE b (x INT);\nINSERT");
        let problem = |script: &str| included("c", script, read).unwrap_err().to_string();
        assert_eq!(problem("${sql:views}"), "case c: no views.sql");
        assert_eq!(problem("${sql:views"), "case c: a `${sql:` without its `}`");
    }

    fn header(lines: &str) -> Result<Case, String> {
        Case::parse("a-case", &format!("{lines}\nSELECT 1")).map_err(|error| error.to_string())
    }

    #[test]
    fn headers_are_read() {
        let read = header(
            "-- feature: Joins | two tables by key\n-- verdict: refused: JOIN is not supported yet\n-- rows: 7\n\
             -- partitions: 4\n-- Further words.",
        );
        let case = read.unwrap();
        assert_eq!((case.area.as_str(), case.feature.as_str()), ("Joins", "two tables by key"));
        assert_eq!(case.verdict, Verdict::Refused("JOIN is not supported yet".into()));
        assert_eq!((case.ends, case.partitions), (Ends::Rows(Some(7)), 4));
        let case = header("-- feature: a | b\n-- verdict: error: line 3, column 14").unwrap();
        assert_eq!(case.verdict, Verdict::Error { line: 3, column: 14, alone: false });
        let case =
            header("-- feature: a | b\n-- verdict: error: line 3, column 14 (Flink names no place)").unwrap();
        assert_eq!(case.verdict, Verdict::Error { line: 3, column: 14, alone: true });
    }

    #[test]
    fn what_is_missing_or_strange_is_named() {
        let problem = |lines: &str| header(lines).unwrap_err();
        assert_eq!(problem(""), "case a-case: case.sql does not begin with `-- feature: …`");
        assert_eq!(problem("-- feature: a | b"), "case a-case: case.sql does not begin with `-- verdict: …`");
        assert_eq!(
            problem("-- feature: a\n-- verdict: same"),
            "case a-case: `feature: a` lacks ` | ` between area and text"
        );
        for verdict in ["different", "refused: ", "same: but", "error: line 3", "perhaps"] {
            let text = format!("-- feature: a | b\n-- verdict: {verdict}");
            assert!(problem(&text).contains("`verdict: "));
        }
        assert!(problem("-- feature: a | b\n-- verdict: same\n-- verdict: same").contains("stands twice"));
        assert!(problem("-- feature: a | b\n-- verdict: same\n-- ends: well").contains("only `failed`"));
    }
}
