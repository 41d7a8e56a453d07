//! Reads typed values out of the layers, remembers which keys exist, and collects every problem.
//!
//! The code that reads a section is its only schema: a key nobody asked for is unknown.

use std::{
    collections::BTreeSet,
    fmt::Display,
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde_yaml::Value;

use super::{
    Origin, Problem,
    layers::{Entry, Layers, scalar, variable},
};
use crate::{Places, Secret};

/// Reads a whole file; tests give their own.
pub(crate) type ReadFile = dyn Fn(&Path) -> io::Result<String> + Send + Sync;

pub(crate) struct Reader<'a> {
    pub layers: &'a Layers,
    pub places: &'a Places,
    pub read_file: &'a ReadFile,
    pub problems: Vec<Problem>,
    /// Keys that exist, and sections with a final dot.
    known: BTreeSet<String>,
    prefix: String,
    /// Whether the section being read is there; where it is not, nothing is missing.
    live: bool,
    /// What a missing key of the section is blamed on.
    section_origin: Option<Origin>,
}

impl<'a> Reader<'a> {
    pub fn new(layers: &'a Layers, places: &'a Places, read_file: &'a ReadFile) -> Self {
        Self {
            layers,
            places,
            read_file,
            problems: Vec::new(),
            known: BTreeSet::new(),
            prefix: String::new(),
            live: true,
            section_origin: None,
        }
    }

    /// Reads a section; `None` when no layer has a value in it.
    pub fn section<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let outer = (self.prefix.clone(), self.live, self.section_origin.clone());
        self.prefix = format!("{}{name}.", self.prefix);
        self.known.insert(self.prefix.clone());
        let layers = self.layers;
        let first = layers
            .entries
            .iter()
            .find(|(key, entry)| key.starts_with(&self.prefix) && !entry.value.is_null());
        self.live = first.is_some();
        self.section_origin = first.map(|(_, entry)| entry.origin.clone());
        let value = read(self);
        let live = self.live;
        (self.prefix, self.live, self.section_origin) = outer;
        live.then_some(value)
    }

    fn entry(&mut self, name: &str) -> Option<&'a Entry> {
        let key = self.key(name);
        let entry = self.layers.entries.get(&key).filter(|entry| !entry.value.is_null());
        self.known.insert(key);
        entry
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Reports `message` about the key `name`, at its own origin or, if it has none, at the section's.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        let key = self.key(name);
        let own = self.layers.entries.get(&key).map(|entry| entry.origin.clone());
        if let Some(origin) = own.or_else(|| self.section_origin.clone()) {
            self.problems.push(Problem { origin, key, message: message.into() });
        }
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        let entry = self.entry(name)?;
        let text = scalar(&entry.value);
        if text.is_none() {
            self.wrong(name, "needs one value, not a list");
        }
        text
    }

    /// A text that the section cannot do without.
    pub fn required(&mut self, name: &str) -> String {
        let given = self.entry(name).is_some();
        if !given && self.live {
            let key = self.key(name);
            self.wrong(name, format!("is required; set it in the file or as {}", variable(&key)));
        }
        self.text(name).unwrap_or_default()
    }

    pub fn parsed<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.wrong(name, format!("`{text}` is not {expected}"));
        }
        value
    }

    /// One of `choices`; the nearest one is named when it is none.
    pub fn choice<T: Copy + Display>(&mut self, name: &str, choices: &[T]) -> Option<T> {
        let text = self.text(name)?;
        let found =
            choices.iter().find(|choice| choice.to_string().eq_ignore_ascii_case(text.trim())).copied();
        if found.is_none() {
            let all: Vec<_> = choices.iter().map(T::to_string).collect();
            let nearest = nearest(&text, all.iter().map(String::as_str)).unwrap_or_default().to_owned();
            self.wrong(name, format!("`{text}` is none of {}; the nearest is `{nearest}`", all.join(", ")));
        }
        found
    }

    /// A required list of `host:port`, as YAML list or with commas.
    pub fn addresses(&mut self, name: &str) -> Vec<String> {
        let Some(entry) = self.entry(name) else {
            self.required(name);
            return Vec::new();
        };
        let addresses: Option<Vec<String>> = match &entry.value {
            Value::Sequence(items) => items.iter().map(scalar).collect(),
            value => scalar(value).map(|text| text.split(',').map(|part| part.trim().to_owned()).collect()),
        };
        let addresses = addresses.unwrap_or_default();
        if addresses.is_empty() {
            self.wrong(name, "needs a list of host:port");
        }
        for address in &addresses {
            let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'));
            if port.and_then(|(_, port)| port.parse::<u16>().ok()).is_none_or(|port| port == 0) {
                self.wrong(name, format!("`{address}` is not host:port"));
            }
        }
        addresses
    }

    /// A required URL with one of `schemes`. Credentials inside it are refused, for URLs are printed.
    pub fn url(&mut self, name: &str, schemes: &[&str]) -> String {
        let url = self.required(name);
        self.checked_url(name, url, schemes)
    }

    /// The same where it may be missing.
    pub fn optional_url(&mut self, name: &str, schemes: &[&str]) -> Option<String> {
        let url = self.text(name)?;
        Some(self.checked_url(name, url, schemes))
    }

    fn checked_url(&mut self, name: &str, url: String, schemes: &[&str]) -> String {
        let Some((scheme, rest)) = url.split_once("://") else {
            if !url.is_empty() {
                self.wrong(name, format!("needs a URL with {}", schemes.join("://, ") + "://"));
            }
            return url;
        };
        let authority = rest.split(['/', '?', '#', ';']).next().unwrap_or_default();
        if authority.contains('@') || rest.contains("token=") {
            self.wrong(name, "holds credentials; give them as keys of their own, which are never printed");
            return String::new();
        }
        if !schemes.contains(&scheme) || authority.is_empty() {
            self.wrong(name, format!("needs a URL with {}", schemes.join("://, ") + "://"));
        }
        url
    }

    /// A file that must exist. A relative path starts at the file that names it, else where the user stands.
    pub fn file(&mut self, name: &str) -> Option<PathBuf> {
        self.file_text(name).map(|(path, _)| path)
    }

    fn file_text(&mut self, name: &str) -> Option<(PathBuf, String)> {
        let entry = self.entry(name)?;
        let path = resolve(&entry.origin, self.places, &self.text(name)?);
        match (self.read_file)(&path) {
            Ok(text) => Some((path, text)),
            Err(cause) => {
                self.wrong(name, format!("cannot read {}: {cause}", path.display()));
                None
            }
        }
    }

    /// `name`, or the content of the file `<name>_file` without its trailing line ends. The later layer wins.
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        let file_name = format!("{name}_file");
        let (plain, file) = (self.entry(name), self.entry(&file_name));
        if let (Some(plain), Some(file)) = (plain, file)
            && plain.layer == file.layer
        {
            self.wrong(name, format!("excludes `{file_name}`; keep one of them"));
            return None;
        }
        if file.is_some_and(|file| plain.is_none_or(|plain| plain.layer < file.layer)) {
            let (_, text) = self.file_text(&file_name)?;
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                self.wrong(&file_name, "the file is empty");
                return None;
            }
            return Some(Secret::new(text));
        }
        match &plain?.value {
            Value::String(text) => Some(Secret::new(text.clone())),
            // `0123` or `1e5` would not come back as written.
            _ => {
                self.wrong(name, "needs text: put it in quotes");
                None
            }
        }
    }

    /// Reports `name` when none of `keys` is given, although `why` asks for it.
    pub fn needs(&mut self, name: &str, keys: &[&str], why: &str) {
        if keys.iter().all(|key| self.entry(key).is_none()) {
            self.wrong(name, format!("is required {why}"));
        }
    }

    /// Reports each of `keys` that is given although `protocol` never uses it.
    pub fn useless(&mut self, keys: &[&str], protocol: impl Display, instead: &str) {
        for key in keys {
            if self.entry(key).is_some() {
                self.wrong(key, format!("is never used with protocol {protocol}; set protocol to {instead}"));
            }
        }
    }

    /// Reports the missing one of two keys that only make sense together.
    pub fn pair(&mut self, one: &str, other: &str) {
        match (self.entry(one).is_some(), self.entry(other).is_some()) {
            (true, false) => self.wrong(other, format!("is required with `{one}`")),
            (false, true) => self.wrong(one, format!("is required with `{other}`")),
            (true, true) | (false, false) => {}
        }
    }

    /// Ends the reading: every key that was never asked for, and is none of `flags`, is a problem.
    pub fn finish(mut self, flags: &BTreeSet<String>) -> Vec<Problem> {
        let keys: Vec<&str> =
            self.known.iter().chain(flags).map(String::as_str).filter(|k| !k.ends_with('.')).collect();
        for (key, entry) in &self.layers.entries {
            if keys.contains(&key.as_str()) {
                continue;
            }
            let section = format!("{key}.");
            let message = if self.known.contains(&section) {
                if entry.value.is_null() {
                    continue;
                }
                let inside: Vec<_> =
                    keys.iter().filter(|known| known.starts_with(&section)).copied().collect();
                format!("is a section, not a value; its keys are {}", inside.join(", "))
            } else {
                let sections = self.known.iter().filter_map(|known| known.strip_suffix('.'));
                let nearest = match entry.origin {
                    Origin::Variable(_) => variable(nearest(key, keys.iter().copied()).unwrap_or_default()),
                    Origin::File(_) => {
                        nearest(key, keys.iter().copied().chain(sections)).unwrap_or_default().to_owned()
                    }
                    Origin::Set | Origin::Flag(_) => {
                        nearest(key, keys.iter().copied()).unwrap_or_default().to_owned()
                    }
                };
                format!("is unknown; the nearest valid one is `{nearest}`")
            };
            self.problems.push(Problem { origin: entry.origin.clone(), key: key.clone(), message });
        }
        self.problems
    }
}

/// A path written in `origin`, made absolute.
pub(crate) fn resolve(origin: &Origin, places: &Places, path: &str) -> PathBuf {
    match origin {
        Origin::File(file) => file.parent().unwrap_or(Path::new("")).join(path),
        Origin::Variable(_) | Origin::Set | Origin::Flag(_) => places.user_path(path),
    }
}

/// The valid name most like `name`.
fn nearest<'a>(name: &str, valid: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |valid: &str| strsim::normalized_damerau_levenshtein(name, valid);
    valid.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}
