//! README.md's table of interactions says what is there.
//!
//! The rule: the table under `## Interactions` has one row per pair. Its first cell is a link to the folder when the
//! folder exists, and the plain name when it does not; its last cell is `planned` in that case, and only then.

use crate::Tree;
use std::collections::BTreeSet;

const PLANNED: &str = "planned";

/// Every difference between the table and the folders of `interactions/`.
pub fn check(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text("README.md") else { return vec!["README.md: is missing".to_owned()] };
    let rows = rows(text);
    if rows.is_empty() {
        return vec!["README.md: has no table under `## Interactions`".to_owned()];
    }
    let folders = tree.folders("interactions");
    let (mut violations, mut seen) = (Vec::new(), BTreeSet::new());
    for Row { pair, link, state } in &rows {
        if !seen.insert(*pair) {
            violations.push(format!("README.md: lists {pair} twice"));
        }
        let expected = format!("interactions/{pair}/README.md");
        match (folders.contains(pair), link) {
            (true, None) => violations.push(format!("README.md: {pair} exists; link it to {expected}")),
            (true, Some(link)) if *link != expected => {
                violations.push(format!("README.md: {pair} links to {link}, not to {expected}"));
            }
            (false, Some(_)) => violations.push(format!("README.md: links {pair}, which has no folder")),
            _ => {}
        }
        if folders.contains(pair) == (*state == PLANNED) {
            violations
                .push(format!("README.md: says '{state}' of {pair}; `{PLANNED}` is for what has no folder"));
        }
    }
    for pair in folders.into_iter().filter(|pair| !seen.contains(pair)) {
        violations.push(format!("README.md: does not list interactions/{pair}"));
    }
    violations
}

struct Row<'a> {
    pair: &'a str,
    link: Option<&'a str>,
    state: &'a str,
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let section = text.lines().skip_while(|line| line.trim() != "## Interactions").skip(1);
    let section = section.take_while(|line| !line.starts_with("## "));
    // The first two lines are the table's head and its rule.
    section.filter(|line| line.starts_with('|')).skip(2).filter_map(row).collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let (first, state) = (*cells.first()?, *cells.last()?);
    let linked = first
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.split_once("]("));
    Some(match linked {
        Some((pair, link)) => Row { pair, link: Some(link), state },
        None => Row { pair: first, link: None, state },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &str) -> Vec<String> {
        let text = format!(
            "# X\n\n| a | b |\n|---|---|\n\n## Interactions\n\nText.\n\n| pair | state |\n|---|---|\n{rows}\n## More\n| c |\n"
        );
        check(&Tree::of(&[("README.md", &text), ("interactions/a-b/Cargo.toml", "")]))
    }

    #[test]
    fn a_true_table_is_fine() {
        assert_eq!(found("| [a-b](interactions/a-b/README.md) | working |\n| c-d | planned |\n"), [""; 0]);
    }

    #[test]
    fn every_untruth_is_named() {
        assert_eq!(found("| c-d | planned |\n"), ["README.md: does not list interactions/a-b"]);
        assert_eq!(
            found("| a-b | planned |\n| [c-d](interactions/c-d/README.md) | working |\n| c-d | planned |\n"),
            [
                "README.md: a-b exists; link it to interactions/a-b/README.md",
                "README.md: says 'planned' of a-b; `planned` is for what has no folder",
                "README.md: links c-d, which has no folder",
                "README.md: says 'working' of c-d; `planned` is for what has no folder",
                "README.md: lists c-d twice",
            ]
        );
        assert_eq!(
            found("| [a-b](interactions/a-c/README.md) | working |\n"),
            ["README.md: a-b links to interactions/a-c/README.md, not to interactions/a-b/README.md"]
        );
    }

    #[test]
    fn a_missing_file_or_table_is_named() {
        assert_eq!(check(&Tree::of(&[])), ["README.md: is missing"]);
        assert_eq!(found(""), ["README.md: has no table under `## Interactions`"]);
    }
}
