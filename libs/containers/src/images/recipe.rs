//! How an image is built: its files, its parent, and the tag that names exactly these.

use sha2::{Digest, Sha256};

use super::ImageName;

/// One image to build.
#[derive(Debug)]
pub(super) struct Recipe {
    /// The image is `ibb/<name>`.
    pub name: &'static str,
    pub version: &'static str,
    pub from: From,
    pub files: &'static [RecipeFile],
}

/// What an image is built upon.
#[derive(Debug)]
pub(super) enum From {
    /// Nothing: `base.sh` makes the Debian of this name.
    Debian(&'static str),
    /// An image of ours; the Dockerfile gets it as `PARENT`.
    Parent(&'static Recipe),
    /// An image of a registry, which lacks something ours has.
    Upstream(&'static str),
}

/// A file of third_party/images, which the program carries.
#[derive(Debug)]
pub(super) struct RecipeFile {
    pub path: &'static str,
    pub text: &'static str,
}

impl Recipe {
    /// The tag names the recipe's content, so a changed recipe is another image.
    pub fn image(&self) -> ImageName {
        let hash = hex(&self.hash()[..4]);
        ImageName { repository: format!("ibb/{}", self.name), tag: format!("{}-{hash}", self.version) }
    }

    /// The text of a file of the recipe, if it has it.
    pub fn file(&self, path: &str) -> Option<&'static str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text)
    }

    fn hash(&self) -> [u8; 32] {
        let mut sha256 = Sha256::new();
        // Lengths keep "ab" + "c" apart from "a" + "bc".
        let mut part = |bytes: &[u8]| {
            sha256.update((bytes.len() as u64).to_le_bytes());
            sha256.update(bytes);
        };
        match &self.from {
            From::Debian(suite) => part(suite.as_bytes()),
            From::Parent(parent) => part(&parent.hash()),
            From::Upstream(reference) => part(reference.as_bytes()),
        }
        for file in self.files {
            part(file.path.as_bytes());
            part(file.text.as_bytes());
        }
        sha256.finalize().into()
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    static BASE: Recipe = Recipe {
        name: "base",
        version: "1",
        from: From::Debian("trixie"),
        files: &[RecipeFile { path: "base.sh", text: "true" }],
    };
    static OTHER_BASE: Recipe = Recipe {
        name: "base",
        version: "1",
        from: From::Debian("trixie"),
        files: &[RecipeFile { path: "base.sh", text: "false" }],
    };

    fn tag(parent: &'static Recipe, files: &'static [RecipeFile]) -> String {
        Recipe { name: "x", version: "2.0", from: From::Parent(parent), files }.image().to_string()
    }

    #[test]
    fn the_tag_changes_with_every_file_and_every_parent() {
        const FILES: &[RecipeFile] = &[RecipeFile { path: "run", text: "a" }];
        let tags = [
            tag(&BASE, FILES),
            tag(&OTHER_BASE, FILES),
            tag(&BASE, &[RecipeFile { path: "run", text: "b" }]),
            tag(&BASE, &[RecipeFile { path: "runa", text: "" }]),
        ];
        assert_eq!(tags[0], tag(&BASE, FILES));
        assert!(tags[0].starts_with("ibb/x:2.0-") && tags[0].len() == "ibb/x:2.0-".len() + 8, "{}", tags[0]);
        for (index, one) in tags.iter().enumerate() {
            assert!(!tags[index + 1..].contains(one), "{tags:?}");
        }
    }
}
