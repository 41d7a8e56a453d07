//! The rules, over the whole checkout.

use std::path::{Path, PathBuf};
use tidy::{
    Tree, arrows, build_files, headers, interactions, manifests, paths, ratchet, readme, settings, words,
};

/// Bazel gives a file of the root among the test's inputs, a link into the checkout; Cargo the folder of this crate.
fn root() -> PathBuf {
    match std::env::var_os("IBB_CHECKOUT_CARGO_TOML") {
        Some(file) => {
            let file = Path::new(&file).canonicalize().expect("the link leads to a file");
            file.parent().expect("a file lies in a folder").to_owned()
        }
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
    }
}

#[track_caller]
fn check(rule: fn(&Tree) -> Vec<String>) {
    let tree = Tree::read(&root()).expect("the checkout can be read");
    let violations = rule(&tree);
    assert!(violations.is_empty(), "{} violations:\n  {}\n", violations.len(), violations.join("\n  "));
}

/// What reads nothing finds nothing wrong.
#[test]
fn the_whole_checkout_is_seen() {
    let tree = Tree::read(&root()).expect("the checkout can be read");
    for path in ["libs/event/src/lib.rs", "interactions/kafka-flink/BUILD.bazel", ".ci/run", "tools/bazel"] {
        assert!(tree.text(path).is_some(), "{path} is not seen");
    }
    assert!(tree.rust().count() > 100);
}

#[test]
fn arrows_between_crates_point_down() {
    check(arrows::check);
}

#[test]
fn bazel_and_cargo_name_the_same_dependencies() {
    check(build_files::check);
}

#[test]
fn bazel_reads_every_manifest() {
    check(build_files::check_manifests);
}

#[test]
fn bazel_and_cargo_set_the_same_edition_version_and_lints() {
    check(settings::check);
}

#[test]
fn every_interaction_has_the_same_files() {
    check(interactions::check);
}

#[test]
fn every_file_says_what_it_holds() {
    check(headers::check);
}

#[test]
fn the_readme_lists_the_interactions_there_are() {
    check(readme::check);
}

#[test]
fn long_files_and_functions_only_shrink() {
    check(ratchet::check);
}

#[test]
fn no_code_is_left_unfinished() {
    check(words::unfinished);
}

#[test]
fn tests_wait_for_conditions() {
    check(words::sleeps);
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    check(paths::check);
}

#[test]
fn every_member_shares_the_lints() {
    check(manifests::check);
}
