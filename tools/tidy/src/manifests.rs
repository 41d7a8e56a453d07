//! Every member is there, and shares the lints of the root manifest.

use crate::Tree;
use crate::manifest::members;

/// Every member that does not share the lints, or has no manifest.
pub fn check(tree: &Tree) -> Vec<String> {
    let (members, mut violations) = members(tree);
    for member in members.iter().filter(|member| !member.lints_shared) {
        violations.push(format!(
            "{}/Cargo.toml: does not share the lints: add `[lints]` with `workspace = true`",
            member.folder
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::workspace;

    #[test]
    fn a_member_without_the_shared_lints_is_named() {
        let shared = "[package]\nname = \"a\"\n[lints]\nworkspace = true\n";
        let files = [("libs/a/Cargo.toml", shared), ("libs/b/Cargo.toml", "[package]\nname = \"b\"\n")];
        let found = check(&workspace(&[], &files));
        assert_eq!(
            found,
            ["libs/b/Cargo.toml: does not share the lints: add `[lints]` with `workspace = true`"]
        );
    }

    #[test]
    fn a_workspace_without_members_is_named() {
        assert_eq!(check(&workspace(&[], &[])), ["Cargo.toml: names no member that exists"]);
    }

    #[test]
    fn a_folder_without_a_manifest_is_named() {
        let files = [("libs/a/src/lib.rs", ""), ("libs/b/Cargo.toml", "[lints]\nworkspace = true\n")];
        assert_eq!(
            check(&workspace(&[], &files)),
            ["libs/a: a member of the workspace without a Cargo.toml"]
        );
    }
}
