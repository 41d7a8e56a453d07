//! `artifacts.lock`: the files an image is made of, each with its checksum and the registry that has it.

use super::error::ImageError;

/// A file to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Artifact {
    /// Lower-case hex.
    pub sha256: String,
    pub bytes: u64,
    pub source: Source,
    /// Where the file stands in the build context.
    pub target: String,
}

/// Which registry has a file, and what it is called there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// `maven:group:artifact:version[:classifier][@extension]`, the path below the repository's root.
    Maven { path: String },
    /// `pypi:package==version:filename`.
    PyPi { package: String, filename: String },
}

/// Reads the lines `sha256  bytes  source  target`; empty ones and those that begin with # do not count.
///
/// # Errors
/// `BadLock` names the first line that is wrong.
pub(super) fn parse(folder: &str, text: &str) -> Result<Vec<Artifact>, ImageError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(index, line)| {
            artifact(line).map_err(|reason| ImageError::BadLock {
                folder: folder.to_string(),
                line: index + 1,
                reason,
            })
        })
        .collect()
}

fn artifact(line: &str) -> Result<Artifact, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [sha256, bytes, source_text, target] = fields[..] else {
        return Err(format!("{} fields instead of sha256, size, source and target", fields.len()));
    };
    if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(format!("{sha256:?} is no sha256 in lower-case hex"));
    }
    let bytes = bytes.parse().map_err(|_| format!("{bytes:?} is no size in bytes"))?;
    if target.starts_with('/') || target.split('/').any(|part| part.is_empty() || part == "..") {
        return Err(format!("{target:?} leaves the build context"));
    }
    Ok(Artifact {
        sha256: sha256.to_string(),
        bytes,
        source: source(source_text).ok_or_else(|| {
            format!(
                "{source_text:?} is neither maven:group:artifact:version[:classifier][@extension] nor \
                 pypi:package==version:filename"
            )
        })?,
        target: target.to_string(),
    })
}

fn source(text: &str) -> Option<Source> {
    if let Some(coordinates) = text.strip_prefix("maven:") {
        let (coordinates, extension) = coordinates.split_once('@').unwrap_or((coordinates, "jar"));
        let parts: Vec<&str> = coordinates.split(':').collect();
        let (group, artifact, version, classifier) = match parts[..] {
            [group, artifact, version] => (group, artifact, version, String::new()),
            [group, artifact, version, classifier] => (group, artifact, version, format!("-{classifier}")),
            _ => return None,
        };
        if parts.iter().any(|part| part.is_empty()) || extension.is_empty() {
            return None;
        }
        let group = group.replace('.', "/");
        let path = format!("{group}/{artifact}/{version}/{artifact}-{version}{classifier}.{extension}");
        return Some(Source::Maven { path });
    }
    let (requirement, filename) = text.strip_prefix("pypi:")?.split_once(':')?;
    let (package, version) = requirement.split_once("==")?;
    if package.is_empty() || version.is_empty() || filename.is_empty() {
        return None;
    }
    Some(Source::PyPi { package: package.to_string(), filename: filename.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "00000000000000000000000000000000000000000000000000000000000000ff";

    fn check(line: &str) -> Result<Artifact, String> {
        parse("x", line)
            .map(|mut artifacts| artifacts.pop().expect("one line"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn sources_become_paths() {
        for (source, expected) in [
            ("maven:org.x.y:a-b:1.0", "org/x/y/a-b/1.0/a-b-1.0.jar"),
            ("maven:org.x:a:1.0:linux", "org/x/a/1.0/a-1.0-linux.jar"),
            ("maven:org.x:a:1.0@tar.gz", "org/x/a/1.0/a-1.0.tar.gz"),
            ("maven:org.x:a:1.0:all@tar.gz", "org/x/a/1.0/a-1.0-all.tar.gz"),
        ] {
            let found = check(&format!("{SHA}  12  {source}  libs/a.jar")).unwrap();
            assert_eq!(found.source, Source::Maven { path: expected.to_string() });
            assert_eq!((found.bytes, found.target.as_str()), (12, "libs/a.jar"));
        }
        let found =
            check(&format!("{SHA} 12 pypi:a-b==1.0:a_b-1.0-py3-none-any.whl w/a.whl")).unwrap().source;
        let filename = "a_b-1.0-py3-none-any.whl".to_string();
        assert_eq!(found, Source::PyPi { package: "a-b".to_string(), filename });
    }

    #[test]
    fn wrong_lines_are_named() {
        for (line, expected) in [
            ("abc 12 maven:a:b:1".to_string(), "line 1: 3 fields instead of"),
            ("abc 12 maven:a:b:1 x".to_string(), "line 1: \"abc\" is no sha256"),
            (format!("\n# why\n{} 12 maven:a:b:1 x", SHA.to_uppercase()), "line 3: \"00"),
            (format!("{SHA} big maven:a:b:1 x"), "\"big\" is no size"),
            (format!("{SHA} 12 maven:a:b x"), "\"maven:a:b\" is neither"),
            (format!("{SHA} 12 maven:a::1 x"), "\"maven:a::1\" is neither"),
            (format!("{SHA} 12 https://x.org/a.jar x"), "is neither"),
            (format!("{SHA} 12 pypi:a:1.whl x"), "is neither"),
            (format!("{SHA} 12 maven:a:b:1 ../x"), "\"../x\" leaves the build context"),
            (format!("{SHA} 12 maven:a:b:1 /x"), "\"/x\" leaves the build context"),
        ] {
            let error = check(&line).unwrap_err();
            assert!(
                error.starts_with("artifacts.lock of x, ") && error.contains(expected),
                "{line}: {error}"
            );
        }
        assert_eq!(parse("x", "# nothing\n\n").unwrap(), []);
    }
}
