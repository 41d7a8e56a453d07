//! What each image is made of: the files of third_party/images, and who builds upon whom.

use super::recipe::{From, Recipe, RecipeFile};
use super::{Image, ImageName};

/// The files of a folder of third_party/images. The paths are relative, so they hold under Cargo and, as
/// `compile_data`, under Bazel.
macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(RecipeFile {
            path: $path,
            text: include_str!(concat!("../../../../third_party/images/", $folder, "/", $path)),
        }),+]
    };
}

static TRIXIE: Recipe = Recipe {
    name: "debian",
    version: "trixie",
    from: From::Debian("trixie"),
    files: files!("debian": "base.sh"),
};

static BOOKWORM: Recipe = Recipe {
    name: "debian",
    version: "bookworm",
    from: From::Debian("bookworm"),
    files: files!("debian": "base.sh"),
};

static JRE_25: Recipe =
    Recipe { name: "jre", version: "25", from: From::Parent(&TRIXIE), files: files!("jre-25": "Dockerfile") };

/// Cassandra, Flink and Spark do not run on Java 25, and trixie has no 17.
static JRE_17: Recipe = Recipe {
    name: "jre",
    version: "17",
    from: From::Parent(&BOOKWORM),
    files: files!("jre-17": "Dockerfile"),
};

static KAFKA: Recipe = Recipe {
    name: "kafka",
    version: "4.3.1",
    from: From::Parent(&JRE_25),
    files: files!(
        "kafka": "Dockerfile", "artifacts.lock", "log4j2.properties", "run", "tools-log4j2.properties", "tools.sh",
    ),
};

static POSTGRES: Recipe = Recipe {
    name: "postgres",
    version: "17",
    from: From::Parent(&TRIXIE),
    files: files!("postgres": "Dockerfile", "docker-entrypoint.sh"),
};

static REDIS: Recipe = Recipe {
    name: "redis",
    version: "8",
    from: From::Parent(&TRIXIE),
    files: files!("redis": "Dockerfile", "docker-entrypoint.sh"),
};

static CASSANDRA: Recipe = Recipe {
    name: "cassandra",
    version: "5.0.9",
    from: From::Parent(&JRE_17),
    files: files!(
        "cassandra": "Dockerfile", "artifacts.lock", "cqlsh", "docker-entrypoint.sh", "jvm17.options",
        "logback-tools.xml", "logback.xml", "nodetool",
    ),
};

static TRINO: Recipe = Recipe {
    name: "trino",
    version: "476",
    from: From::Parent(&JRE_25),
    files: files!(
        "trino": "Dockerfile", "artifacts.lock", "etc/catalog/memory.properties", "etc/catalog/tpch.properties",
        "etc/config.properties", "etc/jvm.config", "etc/log.properties", "etc/node.properties", "run-trino",
    ),
};

static SCHEMA_REGISTRY: Recipe = Recipe {
    name: "schema-registry",
    version: "3.3.3",
    from: From::Parent(&JRE_25),
    files: files!("schema-registry": "Dockerfile", "artifacts.lock", "run-registry"),
};

static CONNECT: Recipe = Recipe {
    name: "connect",
    version: "3.7.0",
    from: From::Parent(&KAFKA),
    files: files!("connect": "Dockerfile", "artifacts.lock", "log4j2.properties", "run-connect"),
};

static FLINK: Recipe = Recipe {
    name: "flink",
    version: "2.2.1",
    from: From::Parent(&JRE_17),
    files: files!(
        "flink": "Dockerfile", "artifacts.lock", "config.yaml", "docker-entrypoint.sh", "log4j.properties",
    ),
};

static SPARK: Recipe = Recipe {
    name: "spark",
    version: "4.2.0",
    from: From::Parent(&JRE_17),
    files: files!("spark": "Dockerfile", "artifacts.lock", "log4j2.properties", "run-spark-connect"),
};

/// Flink's own image has no connectors, and starts no gateway by its name.
static FLINK_UPSTREAM: Recipe = Recipe {
    name: "flink-upstream",
    version: "2.2.1",
    from: From::Upstream("flink:2.2.1"),
    files: files!("flink-upstream": "Dockerfile", "artifacts.lock", "docker-entrypoint-gateway.sh"),
};

/// Spark's own image has no connectors.
static SPARK_UPSTREAM: Recipe = Recipe {
    name: "spark-upstream",
    version: "4.2.0",
    from: From::Upstream("apache/spark:4.2.0"),
    files: files!("spark-upstream": "Dockerfile", "artifacts.lock", "log4j2.properties", "run-spark-connect"),
};

/// What a registry has of a service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Upstream {
    Image(&'static str),
    /// An image that lacks something, and the recipe that adds it.
    Extended {
        reference: &'static str,
        recipe: &'static Recipe,
    },
}

impl Upstream {
    pub fn reference(self) -> &'static str {
        match self {
            Self::Image(reference) | Self::Extended { reference, .. } => reference,
        }
    }

    /// The name under which the engine has it.
    pub fn image(self) -> ImageName {
        match self {
            Self::Image(reference) => ImageName::parse(reference),
            Self::Extended { recipe, .. } => recipe.image(),
        }
    }
}

/// How an image is built here.
pub(super) fn local(image: Image) -> &'static Recipe {
    match image {
        Image::Kafka => &KAFKA,
        Image::Postgres => &POSTGRES,
        Image::Redis => &REDIS,
        Image::Cassandra => &CASSANDRA,
        Image::Trino => &TRINO,
        Image::SchemaRegistry => &SCHEMA_REGISTRY,
        Image::Connect => &CONNECT,
        Image::Flink => &FLINK,
        Image::Spark => &SPARK,
    }
}

/// What a registry has of it, in the same version.
pub(super) fn upstream(image: Image) -> Upstream {
    match image {
        Image::Kafka => Upstream::Image("apache/kafka:4.3.1"),
        Image::Postgres => Upstream::Image("postgres:17"),
        Image::Redis => Upstream::Image("redis:8"),
        Image::Cassandra => Upstream::Image("cassandra:5.0.9"),
        Image::Trino => Upstream::Image("trinodb/trino:476"),
        Image::SchemaRegistry => Upstream::Image("apicurio/apicurio-registry:3.3.3"),
        Image::Connect => Upstream::Image("quay.io/debezium/connect:3.7.0.Final"),
        Image::Flink => Upstream::Extended { reference: "flink:2.2.1", recipe: &FLINK_UPSTREAM },
        Image::Spark => Upstream::Extended { reference: "apache/spark:4.2.0", recipe: &SPARK_UPSTREAM },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::super::artifacts;
    use super::*;

    /// Files of a folder that no build reads.
    const ASIDE: [&str; 1] = ["pom.xml"];

    fn folder() -> PathBuf {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("Cargo and Bazel set it");
        Path::new(&package).join("../../third_party/images")
    }

    fn all() -> Vec<&'static Recipe> {
        let mut recipes: Vec<&'static Recipe> = Vec::new();
        for image in Image::ALL {
            let extended = match upstream(image) {
                Upstream::Image(_) => None,
                Upstream::Extended { recipe, .. } => Some(recipe),
            };
            for recipe in [Some(local(image)), extended].into_iter().flatten() {
                let parents = |recipe: &&'static Recipe| match recipe.from {
                    From::Parent(parent) => Some(parent),
                    From::Debian(_) | From::Upstream(_) => None,
                };
                recipes.extend(std::iter::successors(Some(recipe), parents));
            }
        }
        recipes
    }

    fn files(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => files(&entry.path(), &format!("{name}/"), found),
                false => drop(found.insert(name)),
            }
        }
    }

    /// Goal: the program carries every file of every folder, so none is forgotten in a build.
    #[test]
    fn every_file_of_the_folders_is_carried() {
        let mut folders = BTreeSet::new();
        for recipe in all() {
            let name = match recipe.name {
                "jre" => format!("jre-{}", recipe.version),
                name => name.to_string(),
            };
            let mut found = BTreeSet::new();
            files(&folder().join(&name), "", &mut found);
            found.retain(|file| !ASIDE.contains(&file.as_str()));
            let carried: BTreeSet<String> = recipe.files.iter().map(|file| file.path.to_string()).collect();
            assert_eq!(carried, found, "recipes.rs against third_party/images/{name}");
            folders.insert(name);
        }
        let there: BTreeSet<String> = std::fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(folders, there, "recipes.rs against the folders of third_party/images");
    }

    /// Goal: every lock file can be read, and nothing is copied into an image that is not locked.
    #[test]
    fn lock_files_parse_and_put_no_two_files_in_one_place() {
        for recipe in all() {
            let artifacts =
                artifacts::parse(recipe.name, recipe.file("artifacts.lock").unwrap_or_default()).unwrap();
            let mut places: BTreeSet<&str> = recipe.files.iter().map(|file| file.path).collect();
            for artifact in &artifacts {
                assert!(places.insert(&artifact.target), "{}: {} twice", recipe.name, artifact.target);
            }
            assert_eq!(recipe.file("artifacts.lock").is_some(), !artifacts.is_empty(), "{}", recipe.name);
        }
    }
}
