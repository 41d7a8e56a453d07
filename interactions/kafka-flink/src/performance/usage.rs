//! What this process has used, as Linux counts it.

use std::fs;

/// Ticks of `/proc/self/stat` per second: 100 on every Linux a program can meet.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds of all threads since the start of the process; children apart. `None` where there is no `/proc`.
pub fn cpu_seconds() -> Option<f64> {
    cpu_of(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// The largest resident size so far, in bytes.
pub fn peak_rss_bytes() -> Option<u64> {
    rss_of(&fs::read_to_string("/proc/self/status").ok()?)
}

fn cpu_of(stat: &str) -> Option<f64> {
    // The name in brackets may hold anything; user and system time are the 12th and 13th field behind it.
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn rss_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_an_odd_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 4 0 1 2 3";
        assert_eq!(cpu_of(stat), Some(3.0));
        assert_eq!(rss_of("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n"), Some(2 << 20));
    }

    #[test]
    fn this_process_is_seen() {
        assert!(cpu_seconds().is_some() && peak_rss_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
