//! Writes `docs/flink-compat.md` from the cases of this checkout.

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let checkout = parity::checkout()?;
    let cases = parity::cases(&checkout.join("e2e/parity/cases"))?;
    let page = checkout.join("docs/flink-compat.md");
    std::fs::write(&page, parity::page(&cases))
        .with_context(|| format!("{} cannot be written", page.display()))?;
    println!("{}: {} cases", page.display(), cases.len());
    Ok(())
}
