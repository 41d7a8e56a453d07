//! Folders that are cases.

use crate::CaseError;
use crate::near::suggestion;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder with `input/` and `expected/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What reports call it: its path, which a program may shorten.
    pub name: String,
    pub folder: PathBuf,
}

/// The cases of these folders: each is one itself, or holds some, at any depth.
///
/// # Errors
/// A folder that is not there, or holds no case.
pub fn cases(folders: &[PathBuf]) -> Result<Vec<Case>, CaseError> {
    let mut found = Vec::new();
    for folder in folders {
        if !folder.is_dir() {
            return Err(CaseError::file(folder, "there is no such folder"));
        }
        let before = found.len();
        collect(folder, &mut found)?;
        if found.len() == before {
            let problem =
                "holds no case: make input/<table>.jsonl with the records of each table that is read";
            return Err(CaseError::file(folder, problem));
        }
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<Case>) -> Result<(), CaseError> {
    if folder.join(INPUT).is_dir() || folder.join(EXPECTED).is_dir() {
        found.push(Case { name: folder.display().to_string(), folder: folder.to_owned() });
        return Ok(());
    }
    for path in listed(folder)?.into_iter().filter(|path| path.is_dir()) {
        collect(&path, found)?;
    }
    Ok(())
}

const INPUT: &str = "input";
const EXPECTED: &str = "expected";

impl Case {
    /// The script in the folder, if it has one: `pipeline.sql`, or the only `*.sql`.
    ///
    /// # Errors
    /// Several scripts, none of them `pipeline.sql`.
    pub fn script(&self) -> Result<Option<PathBuf>, CaseError> {
        let mut scripts = listed(&self.folder)?;
        scripts.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        if let Some(pipeline) = scripts.iter().find(|path| path.ends_with("pipeline.sql")) {
            return Ok(Some(pipeline.clone()));
        }
        match scripts.len() {
            0 | 1 => Ok(scripts.pop()),
            _ => {
                let problem = "holds several scripts; name the one that is tested pipeline.sql";
                Err(CaseError::file(&self.folder, problem))
            }
        }
    }

    /// The file of each source table.
    pub(crate) fn inputs(&self, tables: &[&str]) -> Result<BTreeMap<String, PathBuf>, CaseError> {
        let folder = self.folder.join(INPUT);
        let endings = [".records.jsonl", ".jsonl", ".json", ".csv"];
        let files = by_table(&folder, &endings, tables, "is of no table that the script reads")?;
        if let Some(table) = tables.iter().find(|table| !files.contains_key(**table)) {
            let problem = format!(
                "has no records of table '{table}', which the script reads; make {table}.jsonl, empty if there are none"
            );
            return Err(CaseError::file(&folder, problem));
        }
        Ok(files)
    }

    /// The files that say what comes out, by sink table or [`DEAD_LETTERS`].
    pub(crate) fn expected(&self, tables: &[&str]) -> Result<BTreeMap<String, PathBuf>, CaseError> {
        if tables.contains(&DEAD_LETTERS) {
            let problem =
                format!("a table named '{DEAD_LETTERS}' cannot be told from the dead letters; rename it");
            return Err(CaseError::file(&self.folder, problem));
        }
        let known: Vec<&str> = tables.iter().copied().chain([DEAD_LETTERS]).collect();
        let folder = self.expected_folder();
        by_table(&folder, &[".jsonl", ".json"], &known, "is of no table that the script writes")
    }

    pub(crate) fn expected_folder(&self) -> PathBuf {
        self.folder.join(EXPECTED)
    }
}

/// What the file of expected dead letters is called.
pub(crate) const DEAD_LETTERS: &str = "dead_letters";

/// The files of a folder by table; a folder that is not there has none.
fn by_table(
    folder: &Path,
    endings: &[&str],
    tables: &[&str],
    stray: &str,
) -> Result<BTreeMap<String, PathBuf>, CaseError> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for path in listed(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(table) = endings.iter().find_map(|ending| name.strip_suffix(ending)) else {
            let problem = format!("is no file of a case; one ends in {}", endings.join(", "));
            return Err(CaseError::file(&path, problem));
        };
        if !tables.contains(&table) {
            return Err(CaseError::file(&path, format!("{stray}{}", suggestion(table, tables))));
        }
        if let Some(other) = files.insert(table.to_owned(), path.clone()) {
            let problem = format!("is of the same table as {}; keep one of them", other.display());
            return Err(CaseError::file(&path, problem));
        }
    }
    Ok(files)
}

/// What a folder holds, by name, without what is hidden.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let wrong = |cause| CaseError::file(folder, format!("cannot be listed: {cause}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The bytes of a file of the case.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CaseError> {
    std::fs::read(path).map_err(|cause| CaseError::file(path, format!("cannot be read: {cause}")))
}

/// The lines of a file that hold something, with their numbers from 1.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().map(|(at, line)| (at + 1, line));
    let lines = lines.map(|(number, line)| (number, line.strip_suffix(b"\r").unwrap_or(line)));
    lines.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
}

/// A file of records, not one array of them.
pub(crate) fn refuse_array(path: &Path, bytes: &[u8]) -> Result<(), CaseError> {
    match lines(bytes).next() {
        Some((number, line)) if line.trim_ascii_start().first() == Some(&b'[') => {
            Err(CaseError::line(path, number, "begins an array; write one object on each line instead"))
        }
        _ => Ok(()),
    }
}
