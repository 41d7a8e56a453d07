//! Which crate may depend on which. The table is the architecture; ARCHITECTURE.md tells it in words.

use crate::Tree;
use crate::manifest::{Member, members};

/// What a library may know.
struct Library {
    name: &'static str,
    may_know: &'static [&'static str],
    /// What it must not know, in words.
    because: &'static str,
}

const fn library(name: &'static str, may_know: &'static [&'static str], because: &'static str) -> Library {
    Library { name, may_know, because }
}

/// What an adapter may know; never another adapter.
const BELOW_ADAPTERS: &[&str] = &["event", "formats", "resilience", "stream"];

/// Libraries from the bottom up.
const LIBRARIES: &[Library] = &[
    library("event", &[], "the vocabulary stands on nothing"),
    library("resilience", &[], "it knows none of the systems it protects"),
    library("formats", &["event"], "bytes and columns only: no Kafka, no database, no clock"),
    library("stream", &["event", "resilience"], "the engine knows neither SQL nor any one connector"),
    library("sql", &["event", "formats", "resilience", "stream"], "connectors register themselves"),
    library(
        "pipelinetest",
        &["event", "formats", "resilience", "sql", "stream"],
        "it stands in for every connector, so it knows none",
    ),
    library("files", BELOW_ADAPTERS, "adapters never know each other, nor SQL"),
    library("kafka", BELOW_ADAPTERS, "adapters never know each other, nor SQL"),
    library("postgres", BELOW_ADAPTERS, "adapters never know each other, nor SQL"),
    library("redis", BELOW_ADAPTERS, "adapters never know each other, nor SQL"),
    library("cassandra", BELOW_ADAPTERS, "adapters never know each other, nor SQL"),
    library("trino", BELOW_ADAPTERS, "adapters never know each other, nor SQL"),
    library(
        "flink",
        &["event", "formats", "resilience"],
        "a client of a cluster does not know the embedded engine",
    ),
    library(
        "spark",
        &["event", "formats", "resilience"],
        "a client of a cluster does not know the embedded engine",
    ),
    library("quality", &["event", "resilience", "stream"], "it knows no connector"),
    library("lineage", &["event", "resilience"], "it knows no connector"),
    library("service", &["resilience"], "what every program shares knows no pipeline"),
    library("containers", &["resilience"], "it starts services and knows no pipeline and no configuration"),
    library(
        "devservices",
        &["containers", "resilience"],
        "it starts servers and knows no pipeline and no configuration",
    ),
];

/// What tests of any library may use beside what the library itself may know.
const IN_TESTS: &[&str] = &["devservices", "testkit"];

/// Every arrow between two members that the table does not allow.
pub fn check(tree: &Tree) -> Vec<String> {
    let (members, mut violations) = members(tree);
    for member in &members {
        for (to, in_tests) in
            member.deps.iter().map(|to| (to, false)).chain(member.dev_deps.iter().map(|to| (to, true)))
        {
            if let Some(why) = refusal(member, to, in_tests, &members) {
                let tests = if in_tests { " (in tests)" } else { "" };
                violations.push(format!("{} → {to}{tests}: {why}", member.name));
            }
        }
        if member.folder.starts_with("libs/") && member.name != "testkit" && entry(&member.name).is_none() {
            violations.push(format!(
                "{}: is not in the table of tools/tidy/src/arrows.rs; say there what it may know",
                member.name
            ));
        }
    }
    violations
}

fn entry(name: &str) -> Option<&'static Library> {
    LIBRARIES.iter().find(|library| library.name == name)
}

fn refusal(from: &Member, to: &str, in_tests: bool, members: &[Member]) -> Option<String> {
    if to == "testkit" && !in_tests {
        return Some("`testkit` is for tests only; make it a dev-dependency".to_owned());
    }
    if members.iter().any(|member| member.name == to && member.folder.starts_with("interactions/"))
        && !from.folder.starts_with("e2e")
    {
        return Some("nothing depends on an interaction but the stories of e2e/".to_owned());
    }
    let top = ["interactions/", "e2e"].iter().any(|folder| from.folder.starts_with(folder));
    if top || from.name == "testkit" || (in_tests && IN_TESTS.contains(&to)) {
        return None;
    }
    if from.folder.starts_with("tools/") {
        return Some("tools stand beside the libraries and know none".to_owned());
    }
    // One that is not in the table is told so once, by `check`.
    let library = entry(&from.name)?;
    if library.may_know.contains(&to) {
        return None;
    }
    let may = if library.may_know.is_empty() { "nothing".to_owned() } else { library.may_know.join(", ") };
    Some(format!("{}; it may know {may}", library.because))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::workspace;

    const ALL: &[&str] = &["event", "stream", "sql", "files", "kafka", "service", "testkit", "devservices"];

    fn found(from: &str, manifest: &str) -> Vec<String> {
        check(&workspace(ALL, &[(&format!("{from}/Cargo.toml"), manifest)]))
    }

    #[test]
    fn arrows_down_are_fine() {
        let manifest = "[dependencies]\nevent.workspace = true\nstream.workspace = true\nserde.workspace = true\n\
            [dev-dependencies]\ntestkit.workspace = true\ndevservices.workspace = true\n";
        assert_eq!(found("libs/kafka", manifest), [""; 0]);
        assert_eq!(found("interactions/kafka-flink", "[dependencies]\nsql.workspace = true\n"), [""; 0]);
    }

    #[test]
    fn the_engine_knows_no_connector() {
        assert_eq!(
            found("libs/stream", "[dependencies]\nkafka.workspace = true\n"),
            [
                "stream → kafka: the engine knows neither SQL nor any one connector; it may know event, resilience"
            ]
        );
    }

    #[test]
    fn adapters_do_not_know_each_other_not_even_in_tests() {
        let violations = found("libs/kafka", "[dev-dependencies]\nfiles.workspace = true\n");
        assert_eq!(violations.len(), 1);
        assert!(violations[0].starts_with("kafka → files (in tests): adapters never know each other"));
    }

    #[test]
    fn what_programs_share_knows_no_pipeline_and_the_vocabulary_nothing() {
        assert!(
            found("libs/service", "[dependencies]\nstream.workspace = true\n")[0]
                .starts_with("service → stream: ")
        );
        let violations = found("libs/event", "[dependencies]\nstream.workspace = true\n");
        assert_eq!(violations, ["event → stream: the vocabulary stands on nothing; it may know nothing"]);
    }

    #[test]
    fn testkit_is_a_dev_dependency_even_at_the_top() {
        assert_eq!(
            found("interactions/kafka-flink", "[dependencies]\ntestkit.workspace = true\n"),
            ["kafka-flink → testkit: `testkit` is for tests only; make it a dev-dependency"]
        );
    }

    #[test]
    fn nothing_depends_on_an_interaction() {
        let manifest = "[dependencies]\nkafka-flink = { path = \"../kafka-flink\" }\n";
        let files =
            [("interactions/kafka-flink/Cargo.toml", ""), ("interactions/kafka-redis/Cargo.toml", manifest)];
        let violations = check(&workspace(&[], &files));
        assert_eq!(
            violations,
            ["kafka-redis → kafka-flink: nothing depends on an interaction but the stories of e2e/"]
        );
    }

    #[test]
    fn a_library_that_is_not_in_the_table_is_named() {
        let violations = found("libs/utils", "");
        assert_eq!(
            violations,
            ["utils: is not in the table of tools/tidy/src/arrows.rs; say there what it may know"]
        );
    }

    #[test]
    fn the_table_points_down_only() {
        for (at, library) in LIBRARIES.iter().enumerate() {
            for to in library.may_know {
                assert!(
                    LIBRARIES[..at].iter().any(|below| below.name == *to),
                    "{} → {to} points up",
                    library.name
                );
            }
        }
    }
}
