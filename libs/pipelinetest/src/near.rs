//! The name that was meant.

/// `; there is: a, b`, with the likely one first.
pub(crate) fn suggestion(wrong: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return String::new();
    }
    let mut known = known.to_vec();
    known.sort_by_key(|name| strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase()));
    format!("; there is: {}", known.join(", "))
}
