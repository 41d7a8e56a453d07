//! Building an image from its recipe, parents first.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::Instant;

use super::artifacts::{self, Artifact};
use super::docker::{self, Finished, Limits};
use super::error::ImageError;
use super::fetch::Fetcher;
use super::progress::{ImageProgress, ImageStep};
use super::recipe::{From, Recipe};
use super::{ImageName, cache, locks, pull};

/// Longer than the slowest build takes on a slow machine with a slow mirror.
const BUILD_MAX: Duration = Duration::from_secs(60 * 60);
const LIMITS: Limits = Limits { first_line: BUILD_MAX, whole: BUILD_MAX };
/// Another process may build the parents, too.
const LOCK_TIMEOUT: Duration = Duration::from_secs(90 * 60);
/// How often a running build says where it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Builds images below one cache folder.
pub(super) struct Builder<'a> {
    pub cache: &'a Path,
    pub progress: &'a ImageProgress,
}

impl Builder<'_> {
    /// Builds the image unless it is there. One process builds it, others wait.
    pub async fn build(&self, recipe: &Recipe) -> Result<ImageName, ImageError> {
        let image = recipe.image();
        if docker::present(&image).await? {
            return Ok(image);
        }
        let _lock = self.lock(&image).await?;
        if docker::present(&image).await? {
            return Ok(image);
        }
        match recipe.from {
            From::Debian(suite) => self.debian(recipe, suite, &image).await?,
            From::Parent(parent) => {
                let parent = Box::pin(self.build(parent)).await?;
                self.dockerfile(recipe, &parent.to_string(), &image).await?;
            }
            From::Upstream(reference) => {
                if !docker::present(&ImageName::parse(reference)).await? {
                    pull::pull(self.cache, reference, self.progress).await?;
                }
                self.dockerfile(recipe, reference, &image).await?;
            }
        }
        Ok(image)
    }

    async fn lock(&self, image: &ImageName) -> Result<fs::File, ImageError> {
        let path = self.cache.join("locks").join(image.to_string().replace(['/', ':'], "-"));
        let waiting = || self.progress.tell(ImageStep::Waiting { what: image.to_string() });
        locks::exclusive(&path, LOCK_TIMEOUT, waiting).await
    }

    /// A Debian base system, from packages.
    async fn debian(&self, recipe: &Recipe, suite: &str, image: &ImageName) -> Result<(), ImageError> {
        let without = |missing| ImageError::NoDebootstrap { reference: image.to_string(), missing };
        if !cache::is_root() {
            return Err(without("needs root"));
        }
        if !["/usr/sbin/debootstrap", "/usr/bin/debootstrap"].iter().any(|path| Path::new(path).exists()) {
            return Err(without("is not installed"));
        }
        let context = Context::new(self.cache, recipe, &[], |_| PathBuf::new())?;
        let script = context.folder.join("base.sh");
        let root = context.folder.join("root");
        let mirror = debian_mirror().await;
        let mut command = Command::new("bash");
        command.arg(script).args([suite, &mirror]).arg(root).arg(image.to_string());
        // A test's PATH may lack the folders of root's programs.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"));
        self.watch(command, image).await
    }

    /// An image from a Dockerfile and the artifacts beside it.
    async fn dockerfile(&self, recipe: &Recipe, parent: &str, image: &ImageName) -> Result<(), ImageError> {
        let artifacts = artifacts::parse(recipe.name, recipe.file("artifacts.lock").unwrap_or_default())?;
        let fetcher = Fetcher::new(self.cache)?;
        fetcher.fetch_all(recipe.name, &artifacts, self.progress).await?;
        let context = Context::new(self.cache, recipe, &artifacts, |artifact| fetcher.path(artifact))?;
        let folder = context.folder.to_string_lossy();
        let (argument, tag) = (format!("PARENT={parent}"), image.to_string());
        let command =
            docker::docker(["build", "--force-rm", "--build-arg", &argument, "--tag", &tag, &folder]);
        self.watch(command, image).await?;
        // Stages in which archives were unpacked are of no use any more, and large. BuildKit keeps none.
        let stages = format!("label=ibb.stage={}", recipe.name);
        let prune = docker::docker(["image", "prune", "--force", "--filter", &stages]);
        docker::run(prune, LIMITS, |_| {}).await.map(drop)
    }

    /// Runs a build and tells where it is.
    async fn watch(&self, command: Command, image: &ImageName) -> Result<(), ImageError> {
        let reference = image.to_string();
        let begun = Instant::now();
        let mut last_told = begun;
        let tell = |line: &str| {
            let line = line.chars().take(100).collect();
            let elapsed = begun.elapsed();
            self.progress.tell(ImageStep::Building { reference: reference.clone(), line, elapsed });
        };
        tell("");
        let finished = docker::run(command, LIMITS, |line| {
            if last_told.elapsed() >= TELL_EVERY {
                last_told = Instant::now();
                tell(line);
            }
        });
        match finished.await? {
            Some(Finished { success: true, .. }) => {
                self.progress.tell(ImageStep::Built { reference, elapsed: begun.elapsed() });
                Ok(())
            }
            Some(finished) => Err(match docker::refusal("build", &finished) {
                ImageError::Docker { .. } => ImageError::Build { reference, log: finished.log() },
                other => other,
            }),
            None => {
                let log = format!("(stopped after {} min)", BUILD_MAX.as_secs() / 60);
                Err(ImageError::Build { reference, log })
            }
        }
    }
}

/// The folder a builder reads: the recipe's files and its artifacts. Removed when dropped.
struct Context {
    folder: PathBuf,
}

impl Context {
    fn new(
        cache: &Path,
        recipe: &Recipe,
        artifacts: &[Artifact],
        kept: impl Fn(&Artifact) -> PathBuf,
    ) -> Result<Self, ImageError> {
        // Only one process builds an image at a time, so a folder of this name is the leftover of a killed one.
        let folder = cache.join("build").join(recipe.image().to_string().replace(['/', ':'], "-"));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|cause| ImageError::io("remove", &folder, cause))?;
        }
        let context = Self { folder };
        for file in recipe.files {
            let path = context.place(file.path)?;
            fs::write(&path, file.text).map_err(|cause| ImageError::io("write", &path, cause))?;
            // Whatever our umask is, every user in the image may read it.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
                .map_err(|cause| ImageError::io("set the mode of", &path, cause))?;
        }
        for artifact in artifacts {
            let (from, path) = (kept(artifact), context.place(&artifact.target)?);
            // The same file under a second name, else a copy.
            fs::hard_link(&from, &path)
                .or_else(|_| fs::copy(&from, &path).map(drop))
                .map_err(|cause| ImageError::io("write", &path, cause))?;
        }
        Ok(context)
    }

    fn place(&self, target: &str) -> Result<PathBuf, ImageError> {
        let path = self.folder.join(target);
        let parent = path.parent().expect("joined");
        fs::create_dir_all(parent).map_err(|cause| ImageError::io("create", parent, cause))?;
        Ok(path)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // What stays is removed before the next build of this image.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// `IBB_DEBIAN_MIRROR`, else the one this machine uses; empty for debootstrap's own default.
async fn debian_mirror() -> String {
    if let Some(chosen) = std::env::var("IBB_DEBIAN_MIRROR").ok().filter(|mirror| !mirror.is_empty()) {
        return chosen.trim_end_matches('/').to_string();
    }
    let mut apt = Command::new("apt-get");
    apt.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main"]);
    let limits = Limits { first_line: Duration::from_secs(30), whole: Duration::from_secs(30) };
    let mut mirror = String::new();
    let told = |line: &str| {
        let line = line.trim_end_matches('/');
        if mirror.is_empty() && line.ends_with("/debian") {
            mirror = line.to_string();
        }
    };
    // No apt here: debootstrap has a default.
    let _ = docker::run(apt, limits, told).await;
    mirror
}
