//! Every interaction folder has the same files, so whoever knows one knows all.

use crate::Tree;

/// Files and, with a final `/`, folders that hold at least one file.
const EXPECTED: [&str; 7] =
    ["README.md", "BUILD.bazel", "Cargo.toml", "sql/", "src/lib.rs", "src/bin/", "tests/"];

/// Every file an interaction lacks.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for pair in tree.folders("interactions") {
        for expected in EXPECTED {
            let path = format!("interactions/{pair}/{expected}");
            let there = match path.strip_suffix('/') {
                Some(folder) => tree.has_folder(folder),
                None => tree.text(&path).is_some(),
            };
            if !there {
                violations.push(format!("{path}: is missing; every interaction has the same files"));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interaction_lacks_is_named() {
        let whole: Vec<String> = EXPECTED
            .iter()
            .map(|path| format!("interactions/a-b/{path}{}", if path.ends_with('/') { "x" } else { "" }))
            .collect();
        let mut files: Vec<(&str, &str)> = whole.iter().map(|path| (path.as_str(), "")).collect();
        assert_eq!(check(&Tree::of(&files)), [""; 0]);
        files.retain(|(path, _)| !path.ends_with("README.md") && !path.contains("/sql/"));
        assert_eq!(
            check(&Tree::of(&files)),
            [
                "interactions/a-b/README.md: is missing; every interaction has the same files",
                "interactions/a-b/sql/: is missing; every interaction has the same files",
            ]
        );
    }
}
