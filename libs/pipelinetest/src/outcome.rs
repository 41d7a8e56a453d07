//! What came of a case, for people.

use crate::CaseError;
use crate::case::{Case, DEAD_LETTERS};
use crate::compare::Difference;
use crate::dead_letters::{self, Letter};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Differences of one kind that are shown; more are counted.
const SHOWN_MAX: usize = 20;

/// What came out of one case, beside what was expected.
#[derive(Debug)]
pub struct Outcome {
    pub(crate) case: Case,
    pub(crate) sinks: Vec<SinkOutcome>,
    pub(crate) dead: DeadOutcome,
    /// The files of `expected/`, by table.
    pub(crate) files: BTreeMap<String, PathBuf>,
    /// Why the pipeline stopped before its end.
    pub(crate) stopped: Option<String>,
}

#[derive(Debug)]
pub(crate) struct SinkOutcome {
    pub table: String,
    pub rows: Vec<String>,
    /// `None`: nothing says what is expected.
    pub difference: Option<Difference>,
}

#[derive(Debug, Default)]
pub(crate) struct DeadOutcome {
    pub letters: Vec<Letter>,
    pub missing: Vec<Letter>,
    pub unexpected: Vec<Letter>,
}

impl Outcome {
    /// Whether everything that is expected came, and nothing else.
    pub fn passed(&self) -> bool {
        let fine = |sink: &SinkOutcome| sink.difference.as_ref().is_none_or(Difference::is_none);
        let dead = self.dead.missing.is_empty() && self.dead.unexpected.is_empty();
        self.stopped.is_none() && dead && self.sinks.iter().all(fine)
    }

    /// Whether any file says what is expected. A case that expects nothing shows nothing.
    pub fn expects(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes what came as what is expected, and returns the files. Rows are sorted, as their order says nothing.
    ///
    /// # Errors
    /// A pipeline that stopped has nothing to expect; a file that cannot be written.
    pub fn update(&self) -> Result<Vec<PathBuf>, CaseError> {
        if let Some(why) = &self.stopped {
            return Err(CaseError::file(
                &self.case.folder,
                format!("the pipeline stopped, so nothing is written: {why}"),
            ));
        }
        let folder = self.case.expected_folder();
        std::fs::create_dir_all(&folder)
            .map_err(|cause| CaseError::file(&folder, format!("cannot be made: {cause}")))?;
        let mut written = Vec::new();
        for sink in &self.sinks {
            written.push(self.write(&folder, &sink.table, sink.rows.clone())?);
        }
        if !self.dead.letters.is_empty() || self.files.contains_key(DEAD_LETTERS) {
            let letters = self.dead.letters.iter().map(dead_letters::text).collect();
            written.push(self.write(&folder, DEAD_LETTERS, letters)?);
        }
        Ok(written)
    }

    fn write(&self, folder: &Path, table: &str, mut lines: Vec<String>) -> Result<PathBuf, CaseError> {
        let path = self.files.get(table).cloned().unwrap_or_else(|| folder.join(format!("{table}.jsonl")));
        lines.sort();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, text)
            .map_err(|cause| CaseError::file(&path, format!("cannot be written: {cause}")))?;
        Ok(path)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        write!(f, "{verdict}  {}", self.case.name)?;
        if let Some(why) = &self.stopped {
            // What it had written by then says nothing.
            return write!(f, "\n  the pipeline stopped before its end: {why}");
        }
        for sink in &self.sinks {
            write!(f, "\n  {sink}")?;
        }
        write!(f, "{}", self.dead)
    }
}

impl fmt::Display for SinkOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = &self.table;
        let Some(difference) = &self.difference else {
            let rows = counted(self.rows.len(), "row");
            return write!(f, "{table}: {rows}, not checked: there is no expected/{table}.jsonl");
        };
        write!(f, "{table}: {} as expected", counted(difference.alike, "row"))?;
        let kinds = [
            (difference.changed.len(), "different"),
            (difference.missing.len(), "missing"),
            (difference.unexpected.len(), "unexpected"),
        ];
        for (count, word) in kinds.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {word}")?;
        }
        for changed in difference.changed.iter().take(SHOWN_MAX) {
            write!(f, "\n    - {}\n    + {}", changed.expected, changed.came)?;
            write!(f, "\n      {}", changed.columns.join("; "))?;
        }
        more(f, difference.changed.len())?;
        shown(f, "-", "missing", &difference.missing)?;
        shown(f, "+", "unexpected", &difference.unexpected)
    }
}

impl fmt::Display for DeadOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.letters.is_empty() && self.missing.is_empty() {
            return Ok(());
        }
        let alike = self.letters.len() - self.unexpected.len();
        write!(f, "\n  dead letters: {alike} as expected")?;
        for (count, word) in [(self.missing.len(), "missing"), (self.unexpected.len(), "unexpected")] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        let missing: Vec<String> =
            self.missing.iter().map(|letter| serde_json::Value::from(letter.clone()).to_string()).collect();
        shown(f, "-", "missing", &missing)?;
        let came = |letter: &Letter| {
            let error = letter.get("error").and_then(serde_json::Value::as_str).unwrap_or_default();
            format!("{}\n      {error}", dead_letters::text(letter))
        };
        shown(f, "+", "unexpected", &self.unexpected.iter().map(came).collect::<Vec<_>>())
    }
}

fn shown(f: &mut fmt::Formatter<'_>, sign: &str, word: &str, lines: &[String]) -> fmt::Result {
    for line in lines.iter().take(SHOWN_MAX) {
        write!(f, "\n    {sign} {line}   ({word})")?;
    }
    more(f, lines.len())
}

fn more(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count.checked_sub(SHOWN_MAX) {
        None | Some(0) => Ok(()),
        Some(rest) => write!(f, "\n    … and {rest} more"),
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
