//! The process that an exclusive container belongs to, named so that it cannot be mistaken for a later one.

use std::fs;

/// Pid, start time in ticks since boot, and the namespace in which the pid means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pid: u32,
    started: u64,
    namespace: String,
}

impl Owner {
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self { pid, started: started_ticks(pid).unwrap_or(0), namespace: namespace() }
    }

    /// The text of a label.
    pub fn label(&self) -> String {
        format!("{} {} {}", self.pid, self.started, self.namespace)
    }

    pub fn parse(label: &str) -> Option<Self> {
        let mut fields = label.split(' ');
        let (pid, started) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self { pid, started, namespace: fields.next()?.to_owned() })
    }

    /// Whether it is certain that the process has ended: of another namespace nothing is known.
    pub fn is_gone(&self) -> bool {
        self.namespace == namespace() && started_ticks(self.pid) != Some(self.started)
    }
}

fn namespace() -> String {
    fs::read_link("/proc/self/ns/pid").map_or_else(|_| "-".to_owned(), |link| link.display().to_string())
}

fn started_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses and may hold anything, so count from its end.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: we are alive, one that had our pid earlier is gone, and one elsewhere may be alive.
    #[test]
    fn owners_are_told_apart() {
        let own = Owner::this_process();
        assert_eq!(Owner::parse(&own.label()).as_ref(), Some(&own));
        assert!(!own.is_gone());
        assert!(Owner { started: own.started - 1, ..own.clone() }.is_gone());
        assert!(!Owner { started: 0, namespace: "pid:[1]".into(), ..own }.is_gone());
        assert_eq!(Owner::parse("rubbish"), None);
    }
}
