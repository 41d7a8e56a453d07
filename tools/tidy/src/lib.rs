//! Habits of this repository as tests: `cargo test -p tidy`, or `tools/bazel test //tools/tidy/...`.
//!
//! Every rule takes a [`Tree`] and returns every violation at once, each naming the place and the remedy. `tests/` runs
//! the rules over the checkout; beside each rule stand tests on made-up trees that it must refuse.
//!
//! Not here: what rustfmt, clippy and buildifier check.
//!
//! ```
//! let tree = tidy::Tree::of(&[("libs/event/src/lib.rs", "pub struct Epoch(u64);\n")]);
//! assert_eq!(tidy::headers::check(&tree), ["libs/event/src/lib.rs: does not begin with a `//!` line that says what it holds"]);
//! ```

pub mod arrows;
pub mod build_files;
pub mod headers;
pub mod interactions;
mod manifest;
pub mod manifests;
pub mod paths;
pub mod ratchet;
pub mod readme;
pub mod settings;
mod source;
mod tree;
pub mod words;

pub use tree::Tree;
