//! Writes `docs/flink-compat.md` from the cases of this checkout.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

fn main() -> anyhow::Result<()> {
    let checkout = checkout()?;
    let cases = parity::cases(&checkout.join("e2e/parity/cases"))?;
    let page = checkout.join("docs/flink-compat.md");
    std::fs::write(&page, parity::page(&cases))
        .with_context(|| format!("{} cannot be written", page.display()))?;
    println!("{}: {} cases", page.display(), cases.len());
    Ok(())
}

/// `bazel run` says where; `cargo run` says where this package is.
fn checkout() -> anyhow::Result<PathBuf> {
    if let Ok(folder) = std::env::var("BUILD_WORKSPACE_DIRECTORY") {
        return Ok(folder.into());
    }
    let package =
        std::env::var("CARGO_MANIFEST_DIR").context("run it as `tools/bazel run //e2e/parity:compat`")?;
    let checkout = Path::new(&package).ancestors().nth(2).map(Path::to_path_buf);
    checkout.context("this package does not lie in e2e/ of a checkout")
}
