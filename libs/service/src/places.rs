//! Where relative paths point to, also when Bazel starts the program in a folder of its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The two folders that relative paths resolve against.
///
/// `bazel run` starts programs inside its runfiles; it says where the user stood
/// (`BUILD_WORKING_DIRECTORY`) and where the workspace is (`BUILD_WORKSPACE_DIRECTORY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where the user typed the command: paths given by flags and variables start here.
    pub user: PathBuf,
    /// The workspace: `config/cluster.yaml` and `.ibb` are looked for here.
    pub workspace: PathBuf,
}

impl Places {
    /// Reads the folders from `variables`; `current` stands in where Bazel set none.
    pub fn new(variables: &BTreeMap<String, String>, current: &Path) -> Self {
        let folder = |name: &str| {
            variables
                .get(name)
                .filter(|value| !value.is_empty())
                .map_or_else(|| current.to_owned(), PathBuf::from)
        };
        Self { user: folder("BUILD_WORKING_DIRECTORY"), workspace: folder("BUILD_WORKSPACE_DIRECTORY") }
    }

    /// A path that a user gave. Absolute paths stay as they are.
    pub fn user_path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.user.join(path)
    }

    /// A path the program chose by default.
    pub fn workspace_path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.workspace.join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bazel_folders_win_over_the_current_one() {
        let variables = BTreeMap::from([
            ("BUILD_WORKING_DIRECTORY".to_owned(), "/home/ada/sub".to_owned()),
            ("BUILD_WORKSPACE_DIRECTORY".to_owned(), "/home/ada".to_owned()),
        ]);
        let places = Places::new(&variables, Path::new("/runfiles"));
        assert_eq!(places.user_path("a.yaml"), Path::new("/home/ada/sub/a.yaml"));
        assert_eq!(places.user_path("/etc/a.yaml"), Path::new("/etc/a.yaml"));
        assert_eq!(places.workspace_path(".ibb"), Path::new("/home/ada/.ibb"));
        let plain = Places::new(&BTreeMap::new(), Path::new("/srv"));
        assert_eq!((plain.user, plain.workspace), (PathBuf::from("/srv"), PathBuf::from("/srv")));
    }
}
