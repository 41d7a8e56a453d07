//! What Bazel cannot read from Cargo.toml and repeats: edition, version, lints.

use crate::Tree;
use crate::manifest::{lines, strings, value};

const MACRO: &str = "tools/rust/defs.bzl";
const FLAGS: &str = ".bazelrc";

/// Every setting of the root manifest that Bazel has otherwise, or not at all.
pub fn check(tree: &Tree) -> Vec<String> {
    let root = tree.text("Cargo.toml").unwrap_or_default();
    let (in_macro, in_flags) = (tree.text(MACRO).unwrap_or_default(), flags(tree));
    let (mut violations, mut found) = (Vec::new(), 0);
    for (section, line) in lines(root) {
        let name = line.split('=').next().unwrap_or_default().trim();
        let text = strings(line).first().copied().unwrap_or_default();
        let prefix = match section {
            "workspace.package" if name == "edition" || name == "version" => {
                found += 1;
                let constant = format!("_{} ", name.to_uppercase());
                let there = in_macro.lines().find(|line| line.starts_with(&constant));
                if there.and_then(|line| value(line, constant.trim())) != Some(&format!("\"{text}\"")) {
                    violations.push(format!("{MACRO}: {constant}is not \"{text}\", as Cargo.toml has it"));
                }
                continue;
            }
            "workspace.lints.rust" => "",
            "workspace.lints.clippy" => "clippy::",
            _ => continue,
        };
        if !in_flags.contains(&format!("-W{prefix}{name}")) {
            violations.push(format!("{FLAGS}: clippy_flags lacks -W{prefix}{name}, which Cargo.toml lints"));
        }
    }
    if found != 2 {
        violations.push("Cargo.toml: [workspace.package] does not name edition and version".to_owned());
    }
    violations
}

/// The flags clippy gets under Bazel.
fn flags(tree: &Tree) -> Vec<String> {
    let text = tree.text(FLAGS).unwrap_or_default();
    let lists = text.lines().filter_map(|line| line.split_once("clippy_flags=")).map(|(_, list)| list);
    lists.flat_map(|list| list.split(',')).map(|flag| flag.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        [workspace.lints.rust]\nunused_must_use = \"deny\"\n[workspace.lints.clippy]\ntodo = \"deny\"\n";

    fn found(cargo: &str, bazel: &str, flags: &str) -> Vec<String> {
        check(&Tree::of(&[("Cargo.toml", cargo), (MACRO, bazel), (FLAGS, flags)]))
    }

    #[test]
    fn equal_settings_are_fine() {
        let flags = "build --@rules_rust//:clippy_flags=-Wunused_must_use,-Wclippy::todo\n";
        assert_eq!(found(CARGO, "_EDITION = \"2024\"\n_VERSION = \"0.1.0\"\n", flags), [""; 0]);
    }

    #[test]
    fn what_bazel_has_otherwise_or_not_at_all_is_named() {
        assert_eq!(
            found(CARGO, "_EDITION = \"2021\"\n", "build --@rules_rust//:clippy_flags=-Wclippy::todo_more\n"),
            [
                "tools/rust/defs.bzl: _VERSION is not \"0.1.0\", as Cargo.toml has it",
                "tools/rust/defs.bzl: _EDITION is not \"2024\", as Cargo.toml has it",
                ".bazelrc: clippy_flags lacks -Wunused_must_use, which Cargo.toml lints",
                ".bazelrc: clippy_flags lacks -Wclippy::todo, which Cargo.toml lints",
            ]
        );
        assert_eq!(found("", "", ""), ["Cargo.toml: [workspace.package] does not name edition and version"]);
    }
}
