//! Long files and functions: none may be added, and those there are may only shrink.
//!
//! `tools/tidy/ratchet.txt` lists them with their present lengths: `file LINES PATH` and `fn LINES PATH NAME`. Functions
//! of one name in one file count as one, the longest.

use crate::Tree;
use crate::source::functions;
use std::collections::BTreeMap;

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// Where the list lies.
pub const LIST: &str = "tools/tidy/ratchet.txt";

/// Everything that is too long and not listed, or listed with another length than it has.
pub fn check(tree: &Tree) -> Vec<String> {
    let (listed, mut violations) = listed(tree.text(LIST).unwrap_or_default());
    let long = long(tree);
    for (what, lines) in &long {
        match listed.get(what) {
            None => violations.push(format!("{}: split it by idea", what.too_long(*lines))),
            Some(was) if lines > was => {
                violations
                    .push(format!("{}; {LIST} allows {was}: it may only shrink", what.too_long(*lines)));
            }
            Some(was) if lines < was => {
                violations.push(format!("{LIST}: has shrunk, write `{}`", what.line(*lines)));
            }
            Some(_) => {}
        }
    }
    for (what, lines) in listed.iter().filter(|(what, _)| !long.contains_key(*what)) {
        violations.push(format!("{LIST}: is long no more, remove `{}`", what.line(*lines)));
    }
    violations
}

/// A file, or a function in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Long {
    path: String,
    function: Option<String>,
}

impl Long {
    fn line(&self, lines: usize) -> String {
        match &self.function {
            None => format!("file {lines} {}", self.path),
            Some(function) => format!("fn {lines} {} {function}", self.path),
        }
    }

    fn too_long(&self, lines: usize) -> String {
        match &self.function {
            None => format!("{}: {lines} lines, more than {FILE_LINES_MAX}", self.path),
            Some(function) => {
                format!("{}: fn {function} has {lines} lines, more than {FUNCTION_LINES_MAX}", self.path)
            }
        }
    }
}

fn long(tree: &Tree) -> BTreeMap<Long, usize> {
    let mut long = BTreeMap::new();
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            long.insert(Long { path: path.to_owned(), function: None }, lines);
        }
        for function in functions(text).into_iter().filter(|function| function.lines > FUNCTION_LINES_MAX) {
            let longest =
                long.entry(Long { path: path.to_owned(), function: Some(function.name) }).or_default();
            *longest = function.lines.max(*longest);
        }
    }
    long
}

fn listed(text: &str) -> (BTreeMap<Long, usize>, Vec<String>) {
    let (mut listed, mut violations) = (BTreeMap::new(), Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let entry = match words[..] {
            ["file", lines, path] => Some((lines, path, None)),
            ["fn", lines, path, function] => Some((lines, path, Some(function.to_owned()))),
            _ => None,
        };
        let entry = entry.and_then(|(lines, path, function)| {
            Some((Long { path: path.to_owned(), function }, lines.parse().ok()?))
        });
        match entry {
            Some((what, lines)) => {
                listed.insert(what, lines);
            }
            None => violations.push(format!("{LIST}: cannot read `{line}`")),
        }
    }
    (listed, violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: usize, body: usize, list: &str) -> Vec<String> {
        let file = "\n".repeat(lines - body) + "fn f() {\n" + &"\n".repeat(body - 2) + "}\n";
        check(&Tree::of(&[("libs/a/src/b.rs", &file), (LIST, list)]))
    }

    #[test]
    fn up_to_the_limits_nothing_is_said() {
        assert_eq!(found(400, 70, "# none\n"), [""; 0]);
    }

    #[test]
    fn what_is_too_long_is_named_unless_it_is_listed() {
        assert_eq!(
            found(401, 71, ""),
            [
                "libs/a/src/b.rs: 401 lines, more than 400: split it by idea",
                "libs/a/src/b.rs: fn f has 71 lines, more than 70: split it by idea",
            ]
        );
        assert_eq!(found(401, 71, "file 401 libs/a/src/b.rs\nfn 71 libs/a/src/b.rs f\n"), [""; 0]);
    }

    #[test]
    fn what_is_listed_may_only_shrink_and_then_the_list_does() {
        assert_eq!(
            found(402, 70, "file 401 libs/a/src/b.rs\n"),
            [
                "libs/a/src/b.rs: 402 lines, more than 400; tools/tidy/ratchet.txt allows 401: it may only shrink"
            ]
        );
        assert_eq!(
            found(401, 70, "file 402 libs/a/src/b.rs\n"),
            ["tools/tidy/ratchet.txt: has shrunk, write `file 401 libs/a/src/b.rs`"]
        );
        assert_eq!(
            found(400, 70, "fn 80 libs/a/src/b.rs f\n"),
            ["tools/tidy/ratchet.txt: is long no more, remove `fn 80 libs/a/src/b.rs f`"]
        );
    }

    #[test]
    fn an_unreadable_line_is_named() {
        assert_eq!(
            found(10, 5, "file many x.rs\n"),
            ["tools/tidy/ratchet.txt: cannot read `file many x.rs`"]
        );
    }
}
