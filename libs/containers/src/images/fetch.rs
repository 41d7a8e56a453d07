//! Fetching artifacts into the cache: once for all processes, resumed where it broke off, and checked.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use reqwest::header::RANGE;
use reqwest::{Client, StatusCode, Url};
use sha2::{Digest, Sha256};

use super::artifacts::{Artifact, Source};
use super::error::ImageError;
use super::locks;
use super::progress::{ImageProgress, ImageStep};

const MAVEN_CENTRAL: &str = "https://repo1.maven.org/maven2";
const PYPI: &str = "https://pypi.org";

/// How many files are fetched at a time.
const PARALLEL: usize = 6;
/// How often a file is tried.
const ATTEMPTS: u32 = 4;
/// A connection that says nothing for this long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Longer than any of our files takes on a slow line.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The registries to fetch from, and the folder to keep files in.
#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    client: Client,
    maven: String,
    pypi: String,
    folder: PathBuf,
    /// The pause before the second attempt; it doubles from there.
    pause: Duration,
}

impl Fetcher {
    /// Fetches into `<cache>/artifacts`, from Maven Central and PyPI or the mirrors that `IBB_MAVEN_URL` and
    /// `IBB_PYPI_URL` name.
    pub fn new(cache: &Path) -> Result<Self, ImageError> {
        let base = |name: &str, default: &str| {
            let url = std::env::var(name).ok().filter(|url| !url.is_empty()).unwrap_or(default.to_string());
            url.trim_end_matches('/').to_string()
        };
        Self::from(cache, base("IBB_MAVEN_URL", MAVEN_CENTRAL), base("IBB_PYPI_URL", PYPI))
    }

    fn from(cache: &Path, maven: String, pypi: String) -> Result<Self, ImageError> {
        let folder = cache.join("artifacts");
        fs::create_dir_all(&folder).map_err(|cause| ImageError::io("create", &folder, cause))?;
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(15))
            .read_timeout(SILENCE_MAX)
            .user_agent("ibb-images")
            .build()
            .map_err(|cause| ImageError::Download { url: maven.clone(), reason: cause.to_string() })?;
        Ok(Self { client, maven, pypi, folder, pause: Duration::from_secs(1) })
    }

    /// Where an artifact is kept once it was fetched.
    pub fn path(&self, artifact: &Artifact) -> PathBuf {
        self.folder.join(&artifact.sha256)
    }

    /// Fetches what is missing of `artifacts`, which `image` is made of.
    ///
    /// # Errors
    /// The first failure ends the rest; what arrived is kept.
    pub async fn fetch_all(
        &self,
        image: &str,
        artifacts: &[Artifact],
        progress: &ImageProgress,
    ) -> Result<(), ImageError> {
        let missing: Vec<&Artifact> =
            artifacts.iter().filter(|artifact| !self.path(artifact).is_file()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let bytes_total = missing.iter().map(|artifact| artifact.bytes).sum();
        let bytes = AtomicU64::new(0);
        // Made before the stream: with a closure inside it, no caller could be proved to be `Send`.
        let fetches: Vec<_> =
            missing.into_iter().map(|artifact| self.fetch(artifact, &bytes, progress)).collect();
        let all = futures::stream::iter(fetches).buffer_unordered(PARALLEL).try_collect::<()>();
        tokio::pin!(all);
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                result = &mut all => return result,
                _ = tick.tick() => progress.tell(ImageStep::Downloading {
                    image: image.to_string(),
                    bytes: bytes.load(Ordering::Relaxed),
                    bytes_total,
                }),
            }
        }
    }

    /// Fetches one file, unless it is there, under a lock on its unfinished part.
    async fn fetch(
        &self,
        artifact: &Artifact,
        bytes: &AtomicU64,
        progress: &ImageProgress,
    ) -> Result<(), ImageError> {
        let (target, part) = (self.path(artifact), self.folder.join(format!("{}.part", artifact.sha256)));
        let waiting = || progress.tell(ImageStep::Waiting { what: artifact.target.clone() });
        let mut file = loop {
            let file = locks::exclusive(&part, LOCK_TIMEOUT, waiting).await?;
            // Whoever had the lock before us may have finished the file, or thrown the part away.
            if target.is_file() {
                remove_leftover(&part, &file);
                return Ok(());
            }
            if is_at(&file, &part) {
                break file;
            }
        };
        let url = self.url(artifact).await?;
        let shown = shown(&url);
        for attempt in 1.. {
            let resumed = file.metadata().map_or(0, |metadata| metadata.len());
            let failure = match self.transfer(&url, &mut file, artifact, bytes).await {
                Ok(()) => match digest(&mut file).map_err(|cause| ImageError::io("read", &part, cause))? {
                    found if found == artifact.sha256 => break,
                    // What an earlier run left may have been damaged; all of it in one go is the registry's word.
                    _ if resumed > 0 && attempt < ATTEMPTS => {
                        file.set_len(0).map_err(|cause| ImageError::io("empty", &part, cause))?;
                        continue;
                    }
                    found => {
                        fs::remove_file(&part).map_err(|cause| ImageError::io("remove", &part, cause))?;
                        let expected = artifact.sha256.clone();
                        return Err(ImageError::Checksum { url: shown, expected, found });
                    }
                },
                Err(failure) => failure,
            };
            match failure {
                Failure::Passing(_) if attempt < ATTEMPTS => {
                    tokio::time::sleep(self.pause * (1 << (attempt - 1))).await;
                }
                Failure::Passing(reason) | Failure::Final(reason) => {
                    return Err(ImageError::Download { url: shown, reason });
                }
                Failure::Disk(cause) => return Err(ImageError::io("write", &part, cause)),
            }
        }
        file.sync_all().map_err(|cause| ImageError::io("flush", &part, cause))?;
        fs::rename(&part, &target).map_err(|cause| ImageError::io("rename", &part, cause))
    }

    /// Goes on with `file` where it ends.
    async fn transfer(
        &self,
        url: &Url,
        file: &mut File,
        artifact: &Artifact,
        bytes: &AtomicU64,
    ) -> Result<(), Failure> {
        let have = file.seek(SeekFrom::End(0)).map_err(Failure::Disk)?;
        if have == artifact.bytes {
            return Ok(());
        }
        let mut request = self.client.get(url.clone());
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        let response = request.send().await.map_err(Failure::passing)?;
        let mut counted = match response.status() {
            StatusCode::PARTIAL_CONTENT => have,
            StatusCode::OK => {
                file.set_len(0).and_then(|()| file.rewind()).map_err(Failure::Disk)?;
                0
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                file.set_len(0).map_err(Failure::Disk)?;
                return Err(Failure::Passing(
                    "the part kept from before is longer than the file".to_string(),
                ));
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failure::Passing(format!("the server answers {status}")));
            }
            status => return Err(Failure::Final(format!("the server answers {status}"))),
        };
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(Failure::passing)?;
            counted += chunk.len() as u64;
            if counted > artifact.bytes {
                file.set_len(0).map_err(Failure::Disk)?;
                let reason = format!("it is longer than the {} bytes of artifacts.lock", artifact.bytes);
                return Err(Failure::Final(reason));
            }
            file.write_all(&chunk).map_err(Failure::Disk)?;
            bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        match counted == artifact.bytes {
            true => Ok(()),
            false => Err(Failure::Passing(format!("it ended after {counted} of {} bytes", artifact.bytes))),
        }
    }

    /// Where a file is; PyPI has to be asked.
    async fn url(&self, artifact: &Artifact) -> Result<Url, ImageError> {
        let (page, filename) = match &artifact.source {
            Source::Maven { path } => (format!("{}/{path}", self.maven), None),
            Source::PyPi { package, filename } => {
                (format!("{}/simple/{package}/", self.pypi), Some(filename))
            }
        };
        let page = Url::parse(&page)
            .map_err(|cause| ImageError::Download { url: page.clone(), reason: cause.to_string() })?;
        let Some(filename) = filename else { return Ok(page) };
        let failed = |reason| ImageError::Download { url: shown(&page), reason };
        for attempt in 1.. {
            let asked = async {
                let response = self.client.get(page.clone()).send().await?.error_for_status()?;
                response.text().await
            };
            match asked.await {
                Ok(text) => {
                    return link(&page, &text, filename)
                        .ok_or_else(|| failed(format!("{filename} is not listed there")));
                }
                Err(cause) if attempt < ATTEMPTS && !cause.status().is_some_and(|s| s.is_client_error()) => {
                    tokio::time::sleep(self.pause * (1 << (attempt - 1))).await;
                }
                Err(cause) => return Err(failed(chain(&cause.without_url()))),
            }
        }
        unreachable!("the last attempt returns")
    }
}

/// Why a transfer ended early.
enum Failure {
    /// Trying again may help.
    Passing(String),
    Final(String),
    Disk(std::io::Error),
}

impl Failure {
    fn passing(cause: reqwest::Error) -> Self {
        Self::Passing(chain(&cause.without_url()))
    }
}

/// A failure with its causes: reqwest's own message says only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The address without the password a mirror's may hold.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both refuse only addresses that cannot have a user, which need no hiding.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// The first link in the text of a simple index page (HTML or JSON) to a file of that name.
fn link(page: &Url, text: &str, filename: &str) -> Option<Url> {
    text.split('"')
        .map(|quoted| quoted.split('#').next().unwrap_or(quoted))
        .find(|quoted| quoted.strip_suffix(filename).is_some_and(|folder| folder.ends_with('/')))
        .and_then(|address| page.join(address).ok())
}

/// Whether the open file is the one that has this name now.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Removes the empty part that taking the lock left behind, if it is still ours.
fn remove_leftover(part: &Path, file: &File) {
    if is_at(file, part) {
        // Another process may have been quicker; nothing depends on it.
        let _ = fs::remove_file(part);
    }
}

fn digest(file: &mut File) -> std::io::Result<String> {
    file.rewind()?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(super::recipe::hex(&sha256.finalize())),
            length => sha256.update(&buffer[..length]),
        }
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
