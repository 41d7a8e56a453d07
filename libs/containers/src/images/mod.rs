//! The images of the services: pulled where a registry can be reached, else built from packages and jars.
//!
//! [`ensure`] gives an image a name that the engine has. The recipes lie in third_party/images, and the program carries
//! them. Everything fetched is checked against a checksum and kept in [`cache_root`]; processes that ask at the same
//! time fetch and build once.

mod artifacts;
mod build;
mod cache;
mod docker;
mod error;
mod fetch;
mod locks;
mod progress;
mod pull;
mod recipe;
mod recipes;

use std::fmt;
use std::fs;
use std::path::Path;

pub use cache::cache_root;
pub use error::ImageError;
pub use progress::{ImageProgress, ImageStep};

use build::Builder;
use recipes::Upstream;

/// A service that runs in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Image {
    /// Kafka 4.3.1, one broker that is its own controller.
    Kafka,
    /// PostgreSQL 17 with logical replication on.
    Postgres,
    /// Redis 8.
    Redis,
    /// Cassandra 5.0.9.
    Cassandra,
    /// Trino 476 with the connectors of this project.
    Trino,
    /// Apicurio 3.3.3; Confluent's API is below `/apis/ccompat/v7`.
    SchemaRegistry,
    /// Kafka Connect with Debezium 3.7.0 for PostgreSQL.
    Connect,
    /// Flink 2.2.1; the command `jobmanager`, `taskmanager` or `sql-gateway` says which part.
    Flink,
    /// A Spark 4.2.0 Connect server.
    Spark,
}

impl Image {
    pub const ALL: [Self; 9] = [
        Self::Kafka,
        Self::Postgres,
        Self::Redis,
        Self::Cassandra,
        Self::Trino,
        Self::SchemaRegistry,
        Self::Connect,
        Self::Flink,
        Self::Spark,
    ];

    /// What people call it on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Cassandra => "cassandra",
            Self::Trino => "trino",
            Self::SchemaRegistry => "schema-registry",
            Self::Connect => "connect",
            Self::Flink => "flink",
            Self::Spark => "spark",
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where images come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// What is present, else pulled, else built.
    #[default]
    Auto,
    /// The upstream image of the same version; for Flink and Spark with our jars added.
    Upstream,
    /// Built here.
    Local,
}

impl Origin {
    /// The variable that chooses.
    pub const VARIABLE: &'static str = "IBB_IMAGES";

    /// What `IBB_IMAGES` says; `Auto` when it is not set.
    ///
    /// # Errors
    /// `UnknownOrigin` names the three.
    pub fn from_env() -> Result<Self, ImageError> {
        std::env::var_os(Self::VARIABLE).map_or(Ok(Self::Auto), |value| Self::parse(&value.to_string_lossy()))
    }

    /// Reads `auto`, `upstream` or `local`; nothing is `auto`.
    ///
    /// # Errors
    /// `UnknownOrigin` names the three.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        match text {
            "" | "auto" => Ok(Self::Auto),
            "upstream" => Ok(Self::Upstream),
            "local" => Ok(Self::Local),
            _ => Err(ImageError::UnknownOrigin { found: text.to_string() }),
        }
    }
}

/// An image's name, in the two parts that container libraries ask for. `Display` joins them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageName {
    pub repository: String,
    pub tag: String,
}

impl ImageName {
    /// Whether the image was built here.
    pub fn is_local(&self) -> bool {
        self.repository.starts_with("ibb/")
    }

    fn parse(reference: &str) -> Self {
        let (repository, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        Self { repository: repository.to_string(), tag: tag.to_string() }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

/// The name of an image that the engine has, after pulling or building it if need be.
///
/// # Errors
/// [`ImageError`] names the way out.
///
/// # Cancel safety
/// Dropping the future stops the download or build; what arrived is kept.
pub async fn ensure(image: Image, origin: Origin, progress: &ImageProgress) -> Result<ImageName, ImageError> {
    let cache = cache_root();
    for folder in ["locks", "build"].map(|name| cache.join(name)) {
        fs::create_dir_all(&folder).map_err(|cause| ImageError::io("create", &folder, cause))?;
    }
    docker::check().await?;
    let (builder, local) = (Builder { cache: &cache, progress }, recipes::local(image));
    match origin {
        Origin::Local => builder.build(local).await,
        Origin::Upstream => upstream(&builder, image).await,
        Origin::Auto => {
            let named = recipes::upstream(image).image();
            for present in [local.image(), named.clone()] {
                if docker::present(&present).await? {
                    return Ok(present);
                }
            }
            match asked(&cache, &builder, image).await {
                Err(ImageError::Pull { reason, .. }) => {
                    progress.tell(ImageStep::PullFailed { reference: named.to_string(), reason });
                    builder.build(local).await
                }
                result => result,
            }
        }
    }
}

/// The size on disk of an image that the engine has, its parents included.
///
/// # Errors
/// As [`ensure`]; `Docker` when the engine does not have it.
pub async fn image_bytes(name: &ImageName) -> Result<u64, ImageError> {
    docker::bytes(name).await
}

/// The upstream image, unless its registry did not answer a short while ago.
async fn asked(cache: &Path, builder: &Builder<'_>, image: Image) -> Result<ImageName, ImageError> {
    let reference = recipes::upstream(image).reference();
    match pull::lately_unreachable(cache, reference) {
        Some(reason) => Err(ImageError::Pull { reference: reference.to_string(), reason }),
        None => upstream(builder, image).await,
    }
}

async fn upstream(builder: &Builder<'_>, image: Image) -> Result<ImageName, ImageError> {
    match recipes::upstream(image) {
        Upstream::Image(reference) => {
            let name = ImageName::parse(reference);
            if !docker::present(&name).await? {
                pull::pull(builder.cache, reference, builder.progress).await?;
            }
            Ok(name)
        }
        Upstream::Extended { recipe, .. } => builder.build(recipe).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_origin_names_the_three() {
        assert_eq!(Origin::parse("").unwrap(), Origin::Auto);
        assert_eq!(Origin::parse("local").unwrap(), Origin::Local);
        let error = Origin::parse("Docker").unwrap_err().to_string();
        assert_eq!(
            error,
            "IBB_IMAGES is \"Docker\"; it takes auto (present, else pulled, else built), upstream or local"
        );
    }

    #[test]
    fn names_are_taken_apart_and_joined() {
        let name = ImageName::parse("quay.io/debezium/connect:3.7.0.Final");
        assert_eq!(
            (name.repository.as_str(), name.tag.as_str()),
            ("quay.io/debezium/connect", "3.7.0.Final")
        );
        assert_eq!(name.to_string(), "quay.io/debezium/connect:3.7.0.Final");
        assert!(!name.is_local() && recipes::local(Image::Kafka).image().is_local());
    }
}
