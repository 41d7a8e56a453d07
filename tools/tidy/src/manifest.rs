//! As much of Cargo.toml as the rules need: members, first-party dependencies, whether lints are shared.

use crate::Tree;
use std::collections::BTreeSet;

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// `libs/kafka`
    pub folder: String,
    /// `kafka`
    pub name: String,
    /// First-party crates it is built from.
    pub deps: BTreeSet<String>,
    /// First-party crates of its tests and benches only.
    pub dev_deps: BTreeSet<String>,
    pub lints_shared: bool,
}

/// The members that the root manifest names, and what is wrong with reading them.
pub(crate) fn members(tree: &Tree) -> (Vec<Member>, Vec<String>) {
    let root = tree.text("Cargo.toml").unwrap_or_default();
    let first_party = first_party(root);
    let (mut members, mut problems) = (Vec::new(), Vec::new());
    for folder in member_folders(tree, root) {
        match tree.text(&format!("{folder}/Cargo.toml")) {
            Some(text) => members.push(member(&folder, text, &first_party)),
            None => problems.push(format!("{folder}: a member of the workspace without a Cargo.toml")),
        }
    }
    if members.is_empty() {
        problems.push("Cargo.toml: names no member that exists".to_owned());
    }
    (members, problems)
}

fn member_folders(tree: &Tree, root: &str) -> Vec<String> {
    // The list may stretch over lines; no path in it holds a bracket.
    let listed = root.split_once("\nmembers = [").and_then(|(_, rest)| rest.split_once(']'));
    let mut folders = Vec::new();
    for pattern in strings(listed.map_or("", |(list, _)| list)) {
        match pattern.strip_suffix("/*") {
            Some(parent) => {
                folders.extend(tree.folders(parent).into_iter().map(|name| format!("{parent}/{name}")))
            }
            None => folders.push(pattern.to_owned()),
        }
    }
    folders
}

/// Names in `[workspace.dependencies]` that come from a path.
fn first_party(root: &str) -> BTreeSet<&str> {
    let dependencies =
        lines(root).filter(|(section, line)| *section == "workspace.dependencies" && is_path(line));
    dependencies.filter_map(|(_, line)| Some(line.split_once('=')?.0.trim())).collect()
}

fn member(folder: &str, text: &str, first_party: &BTreeSet<&str>) -> Member {
    let mut member = Member {
        folder: folder.to_owned(),
        name: folder.rsplit('/').next().unwrap_or(folder).to_owned(),
        deps: BTreeSet::new(),
        dev_deps: BTreeSet::new(),
        lints_shared: false,
    };
    for (section, line) in lines(text) {
        let Some((key, _)) = line.split_once('=') else { continue };
        let name = key.trim().split('.').next().unwrap_or_default().trim_matches('"');
        let ours = first_party.contains(name) || is_path(line);
        match section.rsplit('.').next().unwrap_or_default() {
            "package" if name == "name" => {
                member.name = strings(line).first().copied().unwrap_or_default().to_owned();
            }
            "dependencies" | "build-dependencies" if ours => {
                member.deps.insert(name.to_owned());
            }
            "dev-dependencies" if ours => {
                member.dev_deps.insert(name.to_owned());
            }
            "lints" => member.lints_shared |= value(line, "workspace") == Some("true"),
            _ => {}
        }
    }
    // What it is built from, its tests have anyway.
    member.dev_deps.retain(|name| !member.deps.contains(name));
    member
}

/// Lines with the section they stand in, without comments and empty ones. No manifest here has a `#` in a string.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'))
            && !header.contains(',')
            && !header.contains('"')
        {
            section = header;
            return None;
        }
        (!line.is_empty()).then_some((section, line))
    })
}

pub(crate) fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (found, value) = line.split_once('=')?;
    (found.trim() == key).then(|| value.trim())
}

fn is_path(line: &str) -> bool {
    line.contains("{ path =") || line.contains(", path =") || line.contains(".path =")
}

/// Every string literal in `text`.
pub(crate) fn strings(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A workspace of `libs/*` and `interactions/*` with these first-party libraries.
    pub(crate) fn workspace(libraries: &[&str], files: &[(&str, &str)]) -> Tree {
        let paths: String =
            libraries.iter().map(|name| format!("{name} = {{ path = \"libs/{name}\" }}\n")).collect();
        let root = format!(
            "[workspace]\nmembers = [\"interactions/*\", \"libs/*\"]\n[workspace.dependencies]\n{paths}serde = \"1\"\n"
        );
        let files: Vec<_> = files.iter().copied().chain([("Cargo.toml", root.as_str())]).collect();
        Tree::of(&files)
    }

    #[test]
    fn first_party_dependencies_are_told_from_others() {
        let manifest = "[package]\nname = \"kafka\"\n[dependencies]\nevent.workspace = true # why\n\
            serde = { workspace = true, features = [\"derive\"] }\nnear = { path = \"../near\" }\n\
            [dev-dependencies]\ntestkit = { workspace = true }\nevent.workspace = true\n\
            [target.'cfg(unix)'.dependencies]\nstream.workspace = true\n[[bench]]\nname = \"decode\"\n";
        let tree = workspace(&["event", "stream", "testkit"], &[("libs/kafka/Cargo.toml", manifest)]);
        let (members, problems) = members(&tree);
        assert_eq!(problems, [""; 0]);
        let kafka = &members[0];
        assert_eq!((kafka.folder.as_str(), kafka.name.as_str()), ("libs/kafka", "kafka"));
        assert_eq!(kafka.deps.iter().collect::<Vec<_>>(), ["event", "near", "stream"]);
        assert_eq!(kafka.dev_deps.iter().collect::<Vec<_>>(), ["testkit"]);
        assert!(!kafka.lints_shared);
    }
}
