//! Where the checkout lies, for programs that write into it.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// `bazel run` says where; `cargo run` says where this package is.
pub fn checkout() -> anyhow::Result<PathBuf> {
    if let Ok(folder) = std::env::var("BUILD_WORKSPACE_DIRECTORY") {
        return Ok(folder.into());
    }
    let package =
        std::env::var("CARGO_MANIFEST_DIR").context("run it with `tools/bazel run //e2e/parity:…`")?;
    let checkout = Path::new(&package).ancestors().nth(2).map(Path::to_path_buf);
    checkout.context("this package does not lie in e2e/ of a checkout")
}
