//! A Java stack trace reduced to the cause that a person can act on.

use crate::error::Place;

/// Longer messages are cut: parsers list every token they would have taken.
const MESSAGE_MAX: usize = 600;

/// One exception of a chain, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Thrown {
    class: String,
    message: String,
}

/// What a stack trace comes down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Simple name of the exception, empty when the text was no exception.
    pub class: String,
    pub message: String,
    /// As Flink counts: from the start of the statement, columns in UTF-16 units.
    pub place: Option<Place>,
    chain: Vec<Thrown>,
}

/// What went wrong, by the exceptions in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The statement is at fault.
    Sql,
    /// The job is.
    Job,
    SessionGone,
    /// The gateway could not reach the cluster behind it.
    ClusterUnreachable,
    Other,
}

/// Reduces the text of one or more exceptions.
pub(crate) fn reduce(text: &str) -> Cause {
    let chain = chain(text);
    let place = chain.iter().rev().find_map(|thrown| find_place(&thrown.message).map(|found| found.place));
    let Some(chosen) = choose(&chain) else {
        return Cause { class: String::new(), message: shorten(&flat(text)), place: None, chain };
    };
    let thrown = &chain[chosen];
    let message = shorten(&flat(&without_place(before_expectations(&thrown.message))));
    let class = thrown.class.rsplit(['.', '$']).next().unwrap_or_default().to_owned();
    Cause { class, message, place, chain }
}

impl Cause {
    pub(crate) fn fault(&self) -> Fault {
        let any = |test: &dyn Fn(&Thrown) -> bool| self.chain.iter().any(test);
        let is = |name: &'static str| move |thrown: &Thrown| thrown.class.ends_with(name);
        if any(&|t| t.message.starts_with("Session '") && t.message.contains("' does not exist")) {
            return Fault::SessionGone;
        }
        if any(&is("ConnectException")) || any(&is("RetryException")) && any(&is("JobSubmissionException")) {
            return Fault::ClusterUnreachable;
        }
        let sql =
            ["SqlParserException", "ValidationException", "SqlParserEOFException", "CalciteContextException"];
        if sql.iter().any(|name| any(&is(name))) {
            return Fault::Sql;
        }
        let job =
            ["JobExecutionException", "JobException", "JobSubmissionException", "JobInitializationException"];
        if job.iter().any(|name| any(&is(name))) {
            return Fault::Job;
        }
        // The planner's own refusals, and catalogs'.
        let planner =
            ["TableException", "CatalogException", "UnsupportedOperationException", "SqlExecutionException"];
        if planner.iter().any(|name| any(&is(name))) || any(&|t| t.class.ends_with("NotExistException")) {
            return Fault::Sql;
        }
        Fault::Other
    }

    /// The message with its exception's name, where that says more than the message alone.
    pub(crate) fn named(&self) -> String {
        let plain = ["JobException", "FlinkException", "RuntimeException", "TableException", ""];
        if plain.contains(&self.class.as_str()) || self.message == self.class {
            return self.message.clone();
        }
        format!("{}: {}", self.class, self.message)
    }
}

/// The exceptions of `text` from the outermost to the first cause.
fn chain(text: &str) -> Vec<Thrown> {
    let mut chain: Vec<Thrown> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.strip_prefix("<Exception on server side:").unwrap_or(line);
        let header = line.strip_prefix("Caused by: ").unwrap_or(line);
        // Frames, "... 12 more" and suppressed exceptions are indented by a tab.
        if line.starts_with('\t') || line.starts_with("End of exception on server side") {
            open = false;
        } else if let Some(thrown) = thrown(header) {
            chain.push(thrown);
            open = true;
        } else if let Some(last) = chain.last_mut().filter(|_| open) {
            last.message.push('\n');
            last.message.push_str(line);
        }
    }
    chain
}

/// `a.b.C: message`, where the message of a wrapper is often `a.b.D: message` again.
fn thrown(header: &str) -> Option<Thrown> {
    let (class, message) = match header.split_once(": ") {
        Some((class, message)) if is_class(class) => (class, message),
        _ if is_class(header.trim_end_matches(':')) => (header.trim_end_matches(':'), ""),
        _ => return None,
    };
    match thrown(message) {
        Some(inner) if !message.is_empty() => Some(inner),
        _ => Some(Thrown { class: class.to_owned(), message: message.to_owned() }),
    }
}

/// A name with a package in front, of an exception or error.
fn is_class(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_$".contains(c));
    parts.len() >= 2
        && parts.iter().all(|part| plain(part))
        && parts.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The innermost exception that says something; the one around it where that says the same and more.
fn choose(chain: &[Thrown]) -> Option<usize> {
    // Of a bad setting: which one it is says more than why Java could not read it.
    if let Some(setting) =
        chain.iter().rposition(|thrown| thrown.message.starts_with("Could not parse value"))
    {
        return Some(setting);
    }
    let mut chosen = chain.iter().rposition(|thrown| !thrown.message.trim().is_empty())?;
    while chosen > 0 {
        let (outer, inner) = (&chain[chosen - 1], &chain[chosen]);
        let says_more =
            outer.message.starts_with(inner.message.as_str()) && find_place(&outer.message).is_none();
        if !says_more {
            break;
        }
        chosen -= 1;
    }
    Some(chosen)
}

/// A place found in a message, and the bytes that tell it.
struct Found {
    place: Place,
    start: usize,
    end: usize,
}

/// The first `line X, column Y` of a message.
fn find_place(message: &str) -> Option<Found> {
    for (start, _) in message.match_indices("line ") {
        let Some((line, after)) = number(message, start + "line ".len()) else { continue };
        let Some(rest) = message[after..].strip_prefix(", column ") else { continue };
        let Some((column, end)) = number(message, message.len() - rest.len()) else { continue };
        return Some(Found { place: Place { line, column }, start, end });
    }
    None
}

/// The number at `from` and the byte after it.
fn number(text: &str, from: usize) -> Option<(u64, usize)> {
    let digits = text[from..].bytes().take_while(u8::is_ascii_digit).count();
    Some((text[from..from + digits].parse().ok()?, from + digits))
}

/// `Encountered "x" at line 1, column 8.` and `From line 1, column 8 to line 1, column 9: …` without their places,
/// which stand in front of the message once they are those of the script.
fn without_place(message: &str) -> String {
    let Some(found) = find_place(message) else { return message.to_owned() };
    let (before, mut after) = (&message[..found.start], &message[found.end..]);
    if let Some(rest) = after.strip_prefix(" to ")
        && let Some(end) = find_place(rest)
        && end.start == 0
    {
        after = &rest[end.end..];
    }
    let before = ["From ", "At ", " at "].iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before);
    if before.is_empty() {
        after.trim_start_matches([':', ' ']).to_owned()
    } else {
        format!("{before}{after}")
    }
}

/// A parser's message without the tokens it would have taken.
fn before_expectations(message: &str) -> &str {
    message.split("\nWas expecting").next().unwrap_or(message)
}

/// One line.
fn flat(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

#[cfg(test)]
#[path = "stack_tests.rs"]
mod tests;
