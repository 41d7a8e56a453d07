//! First-party dependencies stand in Cargo.toml and, by hand, in BUILD.bazel: both must say the same.

use crate::Tree;
use crate::manifest::{members, strings};
use std::collections::BTreeSet;

/// Every difference between the `deps` and `test_deps` of BUILD.bazel and the path dependencies of Cargo.toml.
pub fn check(tree: &Tree) -> Vec<String> {
    let (members, mut violations) = members(tree);
    for member in &members {
        let path = format!("{}/BUILD.bazel", member.folder);
        let Some(text) = tree.text(&path) else {
            violations.push(format!("{path}: is missing"));
            continue;
        };
        let text = without_comments(text);
        let Some(call) = call(&text) else {
            violations.push(format!("{path}: has no `crate(` call, which declares everything a package is"));
            continue;
        };
        for (attribute, section, in_cargo) in
            [("deps", "[dependencies]", &member.deps), ("test_deps", "[dev-dependencies]", &member.dev_deps)]
        {
            let in_bazel: BTreeSet<String> = list(call, attribute).into_iter().map(package).collect();
            for name in in_cargo.difference(&in_bazel) {
                violations
                    .push(format!("{path}: {attribute} lacks {name}, which {section} of Cargo.toml has"));
            }
            for name in in_bazel.difference(in_cargo) {
                violations
                    .push(format!("{path}: {attribute} has {name}, which {section} of Cargo.toml lacks"));
            }
        }
    }
    violations
}

/// Where crate_universe is told which manifests to read.
const MODULE: &str = "third_party/rust/crates.MODULE.bazel";

/// Every difference between the `manifests` that crate_universe reads and the members of the workspace.
pub fn check_manifests(tree: &Tree) -> Vec<String> {
    let (members, mut violations) = members(tree);
    let in_cargo: BTreeSet<String> = members.iter().map(|member| manifest_label(&member.folder)).collect();
    let text = without_comments(tree.text(MODULE).unwrap_or_default());
    let listed = list(&text, "manifests").into_iter().map(str::to_owned);
    let in_bazel: BTreeSet<String> = listed.filter(|label| label != "//:Cargo.toml").collect();
    violations
        .extend(in_cargo.difference(&in_bazel).map(|label| format!("{MODULE}: manifests lacks {label}")));
    for label in in_bazel.difference(&in_cargo) {
        violations.push(format!("{MODULE}: manifests has {label}, which is no member of the workspace"));
    }
    violations
}

/// The labels of interactions leave out their common folder.
fn manifest_label(folder: &str) -> String {
    format!("//{}:Cargo.toml", folder.strip_prefix("interactions/").unwrap_or(folder))
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The arguments of `crate(…)`, from its opening parenthesis on.
fn call(text: &str) -> Option<&str> {
    let at = if text.starts_with("crate(") { 0 } else { text.find("\ncrate(")? + 1 };
    Some(&text[at + "crate".len()..])
}

/// The strings of `attribute = […]`.
fn list<'a>(call: &'a str, attribute: &str) -> Vec<&'a str> {
    let argument = format!("{attribute} = [");
    let starts = |at: usize| matches!(call[..at].chars().next_back(), Some('(' | ',' | ' ' | '\n'));
    let Some((at, _)) = call.match_indices(&argument).find(|(at, _)| starts(*at)) else { return Vec::new() };
    let rest = &call[at + argument.len()..];
    strings(rest.split(']').next().unwrap_or_default())
}

/// `//libs/event`, `//libs/event:event` and `//kafka-flink` by their crates' names.
fn package(label: &str) -> String {
    let (package, target) = label.split_once(':').unwrap_or((label, ""));
    let folder = package.rsplit('/').next().unwrap_or(package);
    if target.is_empty() { folder.to_owned() } else { target.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::workspace;

    const CARGO: &str = "[dependencies]\nevent.workspace = true\nstream.workspace = true\nserde.workspace = true\n\
        [dev-dependencies]\ntestkit.workspace = true\n";

    fn found(build: &str) -> Vec<String> {
        let files = [("libs/kafka/Cargo.toml", CARGO), ("libs/kafka/BUILD.bazel", build)];
        check(&workspace(&["event", "stream", "testkit"], &files))
    }

    #[test]
    fn equal_lists_are_fine_however_they_are_laid_out() {
        let build = "load(\"//tools/rust:defs.bzl\", \"crate\")\n\ncrate(\n    name = \"kafka\",\n    \
            test_deps = [\"//libs/testkit\"],\n    deps = [\n        # The engine.\n        \
            \"//libs/event\",\n        \"//libs/stream:stream\",\n    ],\n)\n";
        assert_eq!(found(build), [""; 0]);
    }

    #[test]
    fn both_directions_of_a_difference_are_named() {
        assert_eq!(
            found("crate(name = \"kafka\", deps = [\"//libs/event\", \"//libs/sql\"], test_deps = [])\n"),
            [
                "libs/kafka/BUILD.bazel: deps lacks stream, which [dependencies] of Cargo.toml has",
                "libs/kafka/BUILD.bazel: deps has sql, which [dependencies] of Cargo.toml lacks",
                "libs/kafka/BUILD.bazel: test_deps lacks testkit, which [dev-dependencies] of Cargo.toml has",
            ]
        );
    }

    #[test]
    fn a_dependency_in_a_comment_does_not_count() {
        let build = "crate(\n    deps = [\"//libs/event\"], # \"//libs/stream\"\n    test_deps = [\"//libs/testkit\"],\n)\n";
        assert_eq!(found(build).len(), 1);
    }

    #[test]
    fn manifests_that_crate_universe_does_not_read_are_named() {
        let module = "crate.from_cargo(\n    manifests = [\n        \"//:Cargo.toml\",\n        \"//a-b:Cargo.toml\",\n        \
            \"//libs/gone:Cargo.toml\",\n    ],\n)\n";
        let files = [("interactions/a-b/Cargo.toml", ""), ("libs/kafka/Cargo.toml", ""), (MODULE, module)];
        assert_eq!(
            check_manifests(&workspace(&[], &files)),
            [
                "third_party/rust/crates.MODULE.bazel: manifests lacks //libs/kafka:Cargo.toml",
                "third_party/rust/crates.MODULE.bazel: manifests has //libs/gone:Cargo.toml, which is no member of the workspace",
            ]
        );
    }

    #[test]
    fn a_package_without_the_macro_or_without_a_file_is_named() {
        assert_eq!(
            found("rust_library(name = \"kafka\")\n"),
            ["libs/kafka/BUILD.bazel: has no `crate(` call, which declares everything a package is"]
        );
        let missing = check(&workspace(&[], &[("libs/kafka/Cargo.toml", "")]));
        assert_eq!(missing, ["libs/kafka/BUILD.bazel: is missing"]);
    }
}
