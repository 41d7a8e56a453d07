//! The text files of a checkout, by path.

use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Folders of tools, at any depth.
const FOREIGN: [&str; 4] = [".git", ".idea", ".vscode", "target"];

/// Larger files are data, not text that people wrote.
const BYTES_MAX: u64 = 1 << 20;

/// Text files by path relative to the root, with `/`.
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// A made-up tree.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// Reads the checkout at `root`, without what `.gitignore` leaves out.
    ///
    /// # Errors
    /// When `root` is no checkout of this repository, or cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let mut tree = Self::default();
        tree.walk(root, "", &Ignored::parse(&ignored))?;
        if tree.text("Cargo.toml").is_none_or(|text| !text.contains("[workspace]")) {
            bail!("{} is no checkout: it has no workspace in Cargo.toml", root.display());
        }
        Ok(tree)
    }

    fn walk(&mut self, folder: &Path, prefix: &str, ignored: &Ignored) -> Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type()?;
            if FOREIGN.contains(&name.as_str()) || ignored.has(&path) || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() {
                self.walk(&entry.path(), &path, ignored)?;
            } else if entry.metadata().is_ok_and(|metadata| metadata.len() <= BYTES_MAX) {
                // Others may be editing: a file that has just gone, or is no text, is not ours to judge.
                if let Ok(text) = fs::read_to_string(entry.path()) {
                    self.0.insert(path, text);
                }
            }
        }
        Ok(())
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Every file, in the order of its path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every Rust file.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// Names of the folders right under `folder`.
    pub fn folders(&self, folder: &str) -> BTreeSet<&str> {
        let prefix = format!("{folder}/");
        let below = self.0.keys().filter_map(|path| path.strip_prefix(&prefix));
        below.filter_map(|path| path.split_once('/')).map(|(name, _)| name).collect()
    }

    /// Whether a file lies somewhere under `folder`.
    pub fn has_folder(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        self.0.keys().any(|path| path.starts_with(&prefix))
    }
}

/// The lines of `.gitignore` that are anchored to the root: `/name` and `/name*`.
struct Ignored(Vec<String>);

impl Ignored {
    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(|line| line.trim().strip_prefix('/')).map(str::to_owned).collect())
    }

    fn has(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => path.starts_with(start) && !path.contains('/'),
            None => path == pattern.trim_end_matches('/'),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchored_lines_of_gitignore_are_left_out_and_their_namesakes_elsewhere_are_not() {
        let ignored = Ignored::parse("/target\n/bazel-*\n/.ibb\n# a comment\n");
        assert!(ignored.has("target") && ignored.has("bazel-out") && ignored.has(".ibb"));
        assert!(!ignored.has("tools/bazel-x") && !ignored.has("libs") && !ignored.has("libs/target.rs"));
    }

    #[test]
    fn folders_are_those_right_below() {
        let tree =
            Tree::of(&[("libs/event/src/lib.rs", ""), ("libs/sql/Cargo.toml", ""), ("libs/note.md", "")]);
        assert_eq!(tree.folders("libs").into_iter().collect::<Vec<_>>(), ["event", "sql"]);
        assert!(tree.has_folder("libs/event/src") && !tree.has_folder("libs/eve"));
    }

    #[test]
    fn a_folder_without_a_workspace_is_refused() {
        let nowhere = std::env::temp_dir().join(format!("tidy-{}", std::process::id()));
        fs::create_dir_all(&nowhere).unwrap();
        let error = Tree::read(&nowhere).unwrap_err().to_string();
        fs::remove_dir_all(&nowhere).unwrap();
        assert!(error.ends_with("is no checkout: it has no workspace in Cargo.toml"), "{error}");
    }
}
