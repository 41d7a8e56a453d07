//! Every case on both engines; each case counts as one test.
//!
//! `tools/bazel test //e2e/parity:suite --test_arg=window` runs the cases with `window` in their names. Under Cargo,
//! build the program first and say where it is:
//! `cargo build -p kafka-flink && CARGO_BIN_EXE_stream_processor=target/debug/stream_processor cargo test -p parity`.

mod run;
mod world;

use libtest_mimic::{Arguments, Trial};
use parity::{Case, Verdict, cases, compare, judge};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use world::World;

/// The cluster has four slots; a case takes one or two of them, and waits for the embedded engine half of its time.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("Cargo and Bazel say where the package is");
    let folder = Path::new(&package).join("cases");
    let all = cases(&folder).unwrap_or_else(|error| panic!("{error}"));
    let world = Arc::new(World::new(folder));
    let counts = counts(&all);
    let trials = all.into_iter().map(|case| {
        let world = world.clone();
        Trial::test(case.name.clone(), move || check(&world, &case).map_err(Into::into))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if conclusion.num_passed > 0 {
        println!("the cases say: {counts}");
    }
    conclusion.exit_code()
}

fn check(world: &World, case: &Case) -> Result<(), String> {
    let runs = run::both(world, case)?;
    judge(case, &compare(&runs.embedded, &runs.flink))
        .map_err(|wrong| format!("{}: {wrong}\n{}", case.name, runs.took))
}

fn counts(all: &[Case]) -> String {
    let of = |wanted: fn(&Verdict) -> bool| all.iter().filter(|case| wanted(&case.verdict)).count();
    format!(
        "same {}, different {}, refused {}, error {}",
        of(|verdict| *verdict == Verdict::Same),
        of(|verdict| matches!(verdict, Verdict::Different(_))),
        of(|verdict| matches!(verdict, Verdict::Refused(_))),
        of(|verdict| matches!(verdict, Verdict::Error { .. }))
    )
}
