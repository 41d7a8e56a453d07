//! No file names a folder that only one machine has.

use crate::Tree;

/// First parts of absolute paths that no other machine has; put together here, so that this file does not name them.
const MACHINES: [&str; 2] = ["root", "work"];

/// Every place that names such a folder.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for (path, text) in tree.files() {
        for (number, line) in text.lines().enumerate() {
            for folder in MACHINES.iter().map(|name| format!("/{name}")).filter(|folder| names(line, folder))
            {
                violations.push(format!("{path}:{}: names {folder}, which only one machine has", number + 1));
            }
        }
    }
    violations
}

/// Whether `folder` stands in `line` as the start of an absolute path.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let starts = before.is_none_or(|c| c.is_whitespace() || "\"'`=([<,>".contains(c));
        let ends = after.is_none_or(|c| !(c.is_alphanumeric() || "_-.{*".contains(c)));
        // `</root>` ends an element of XML.
        let closes_element = before == Some('<') && after == Some('>');
        starts && ends && !closes_element
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_folder_is_named_and_look_alikes_are_not() {
        let [home, work] = MACHINES.map(|name| format!("/{name}"));
        let text = format!(
            "cache = \"{home}/.cache\"\nls {work}\nsrc{work}/x\nhttps://x.org{home}/\n{work}shop\n../{}\n",
            MACHINES[1]
        );
        assert_eq!(
            check(&Tree::of(&[("a.sh", &text)])),
            [
                format!("a.sh:1: names {home}, which only one machine has"),
                format!("a.sh:2: names {work}, which only one machine has"),
            ]
        );
    }
}
