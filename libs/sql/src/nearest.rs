//! Suggestions for a name that does not exist.

/// The known name nearest to `wrong`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| {
            let length = name.chars().count();
            *distance <= if length < 4 { 1 } else { 2.max(length / 3) }
        })
        .min()
        .map(|(_, name)| name)
}

/// `; did you mean 'x'?`, or what there is when nothing is near: `; known: a, b`.
pub(crate) fn suggestion<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(name) = nearest(wrong, known.clone()) {
        return format!("; did you mean '{name}'?");
    }
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() { String::new() } else { format!("; there is: {}", known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_listed() {
        assert_eq!(suggestion("topik", ["topic", "format"]), "; did you mean 'topic'?");
        assert_eq!(suggestion("Carrier", ["carrier"]), "; did you mean 'carrier'?");
        assert_eq!(suggestion("zzzzzz", ["topic", "format"]), "; there is: topic, format");
        assert_eq!(suggestion("a", []), "");
    }
}
