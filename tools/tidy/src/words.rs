//! Words that have no place in finished code, and sleeps without a reason.

use crate::Tree;
use crate::source::code;

/// Macros of unfinished code.
const UNFINISHED: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Every macro of unfinished code, in any Rust file.
pub fn unfinished(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for (path, text) in tree.rust() {
        for (number, line) in code(text).lines().enumerate() {
            for name in UNFINISHED.iter().filter(|name| calls(line, name)) {
                violations.push(format!("{path}:{}: `{name}` is for code that is not finished", number + 1));
            }
        }
    }
    violations
}

/// Every sleep in a test without a comment on its line, or right above it, that says why no condition can be awaited.
pub fn sleeps(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| is_test(path)) {
        let code = code(text);
        let lines: Vec<&str> = text.lines().collect();
        for (number, _) in code.lines().enumerate().filter(|(_, line)| calls(line, "sleep")) {
            let above =
                number.checked_sub(1).is_some_and(|above| lines[above].trim_start().starts_with("//"));
            // What the code has lost against the text is a comment or a literal; a URL is no reason.
            let beside = lines[number].contains(" // ");
            if !above && !beside {
                violations.push(format!(
                    "{path}:{}: a sleep without a reason: wait for a condition with a deadline, or say in a comment \
                     why there is none",
                    number + 1
                ));
            }
        }
    }
    violations
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("_tests.rs") || path.ends_with("/tests.rs")
}

/// Whether `line` calls `name`, whatever its path.
fn calls(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let defined = line[..at].trim_end().ends_with("fn");
        whole && !defined && line[at + name.len()..].trim_start().starts_with('(')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_code_is_named_and_words_about_it_are_not() {
        let text = "//! Says todo!() in words.\nfn f() {\n    let s = \"dbg!(x)\";\n    todo!(\"later\")\n}\nfn g() { my_dbg!(1); std::dbg!(2); }\n";
        assert_eq!(
            unfinished(&Tree::of(&[("libs/a/src/lib.rs", text)])),
            [
                "libs/a/src/lib.rs:4: `todo!` is for code that is not finished",
                "libs/a/src/lib.rs:6: `dbg!` is for code that is not finished",
            ]
        );
    }

    #[test]
    fn sleeps_in_tests_need_a_reason() {
        let text = "fn t() {\n    std::thread::sleep(TICK);\n    // Flink commits on its own clock.\n    tokio::time::sleep(TICK).await;\n    sleep(TICK); // paced like a person\n    sleep_until(x); oversleep(1);\n}\nfn sleep(x: u8) {}\n";
        let found = sleeps(&Tree::of(&[("libs/a/tests/b.rs", text), ("libs/a/src/b.rs", text)]));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("libs/a/tests/b.rs:2: a sleep without a reason"), "{found:?}");
    }
}
