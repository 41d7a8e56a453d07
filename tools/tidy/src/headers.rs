//! Every Rust file opens with a line that says what it holds.

use crate::Tree;

/// Every Rust file whose first line is no `//!` with words.
pub fn check(tree: &Tree) -> Vec<String> {
    let opens = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("//!").is_some_and(|words| !words.trim().is_empty())
    };
    let without = tree.rust().filter(|(_, text)| !opens(text));
    without
        .map(|(path, _)| format!("{path}: does not begin with a `//!` line that says what it holds"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_words_at_the_top_are_named() {
        let tree = Tree::of(&[
            ("a.rs", "//! Names of epochs.\n"),
            ("b.rs", "use std::fs;\n//! Too late.\n"),
            ("c.rs", "//!\n"),
            ("d.rs", ""),
            ("e.md", "no Rust\n"),
        ]);
        let named: Vec<String> = check(&tree).iter().map(|line| line[..4].to_owned()).collect();
        assert_eq!(named, ["b.rs", "c.rs", "d.rs"]);
    }
}
