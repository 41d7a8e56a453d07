//! The page says what the cases say.

use std::path::Path;

#[test]
fn the_page_is_not_stale() {
    let package = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let package = Path::new(&package);
    let cases = parity::cases(&package.join("cases")).unwrap();
    let page = std::fs::read_to_string(package.join("../../docs/flink-compat.md")).unwrap();
    assert!(
        page == parity::page(&cases),
        "docs/flink-compat.md does not say what e2e/parity/cases say; run `tools/bazel run //e2e/parity:compat`"
    );
}
