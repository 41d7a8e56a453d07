//! Where downloads and locks are kept, outside every checkout.

use std::path::PathBuf;

/// Where downloads are kept: `$IBB_CACHE`, else `/var/cache/ibb` for root, else `$XDG_CACHE_HOME/ibb`, else
/// `$HOME/.cache/ibb`. The folder may not exist yet.
pub fn cache_root() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(chosen) = folder("IBB_CACHE") {
        return chosen;
    }
    if is_root() {
        return PathBuf::from("/var/cache/ibb");
    }
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("ibb")
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    // SAFETY: geteuid takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() == 0 }
}
