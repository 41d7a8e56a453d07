//! Finding a container that others started, or starting one.

use super::container::HOST;
use super::engine::Engine;
use super::host_ports::{free_port, is_free, published};
use super::image::image;
use super::owner::Owner;
use super::spec::filled;
use super::{Container, ContainerError, Spec, lock};
use crate::{ImageName, ImageProgress, Origin, cache_root};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use testcontainers::bollard::models::HostConfig;
use testcontainers::core::IntoContainerPort as _;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerRequest, GenericImage, ImageExt as _, ReuseDirective};

/// On this network services know each other by name.
const NETWORK: &str = "ibb";
/// Tries with other ports when someone else was faster.
const PORT_TRIES: usize = 8;
/// How long one that others started may take to say that it serves, before it is given up and replaced.
const FOUND_LIMIT: Duration = Duration::from_secs(60);
/// How long a busy engine may take to start a container; the service's own limit begins after that.
const ENGINE_START: Duration = Duration::from_secs(120);
/// Memory for PostgreSQL's parallel queries and the like.
const SHM_BYTES: u64 = 128 << 20;

pub(super) const LABEL_SERVICE: &str = "ibb.service";
pub(super) const LABEL_PURPOSE: &str = "ibb.purpose";
pub(super) const LABEL_OWNER: &str = "ibb.owner";

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Suites. Removed by `tools/dev down --tests`.
    Test,
    /// Programs in development. Keeps its data until it is removed.
    Dev,
}

impl Purpose {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Dev => "dev",
        }
    }
}

/// Who may use a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Whoever asks for the same; it stays for the next.
    Shared,
    /// This process alone, which may kill it; removed with the handle, or once this process is gone.
    Exclusive,
}

/// How a start came to its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedHow {
    Started,
    /// It was there.
    Found,
    /// It was there, stopped, and kept its data.
    Woken,
}

/// What a start did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Startup {
    pub how: StartedHow,
    /// From the request to the engine to the first right answer of the service.
    pub elapsed: Duration,
}

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.how {
            StartedHow::Started => "started",
            StartedHow::Found => "found running",
            StartedHow::Woken => "woken",
        };
        write!(f, "{verb} in {:.1} s", self.elapsed.as_secs_f64())
    }
}

/// How to start.
pub struct Options {
    pub purpose: Purpose,
    pub sharing: Sharing,
    /// Where images come from.
    pub origin: Origin,
    /// Told about steps of getting the image.
    pub progress: ImageProgress,
    /// Whether an image that no registry gives may be built, which takes minutes.
    pub may_build: bool,
    /// The folder of the locks that keep two processes from starting the same.
    pub locks: PathBuf,
}

/// Gives a service that serves: found, woken, or started from an image that is found, pulled or built.
///
/// # Errors
/// See [`ContainerError`]. A container that never served is removed again.
///
/// # Cancel safety
/// Dropping the future may leave a container that starts; the next start of the same finds it, and an exclusive one is
/// removed once this process is gone.
pub async fn start(spec: Spec, options: &Options) -> Result<Container, ContainerError> {
    let engine = Engine::connect().await?;
    sweep(&engine).await?;
    let image = image(spec.service, options).await?;
    {
        let _lock = lock::exclusive(&options.locks, "network", FOUND_LIMIT).await?;
        engine.ensure_network(NETWORK).await?;
    }
    let starter = Starter { engine, spec, image, purpose: options.purpose };
    match options.sharing {
        Sharing::Exclusive => starter.exclusive().await,
        Sharing::Shared => starter.shared(options).await,
    }
}

/// Removes exclusive containers whose process is gone, once per process.
async fn sweep(engine: &Engine) -> Result<(), ContainerError> {
    static SWEPT: AtomicBool = AtomicBool::new(false);
    if SWEPT.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    for found in engine.list(&[LABEL_OWNER.to_owned()]).await? {
        let labels = found.labels.unwrap_or_default();
        let owner = labels.get(LABEL_OWNER).and_then(|label| Owner::parse(label));
        if let (Some(owner), Some(id)) = (owner, found.id)
            && owner.is_gone()
        {
            engine.remove(&id).await?;
        }
    }
    Ok(())
}

struct Starter {
    engine: Engine,
    spec: Spec,
    image: ImageName,
    purpose: Purpose,
}

impl Starter {
    async fn exclusive(self) -> Result<Container, ContainerError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-x{}-{number}", self.stem(), std::process::id());
        self.launch(&name, Sharing::Exclusive).await
    }

    async fn shared(self, options: &Options) -> Result<Container, ContainerError> {
        let name = match self.purpose {
            Purpose::Test => {
                let image_id = self.engine.image_id(&self.image.to_string()).await?;
                format!("{}-{}", self.stem(), self.spec.hash(&image_id))
            }
            // Holds a person's data, also when the next version asks for other settings.
            Purpose::Dev => self.stem(),
        };
        let limit = self.spec.start_limit + FOUND_LIMIT;
        let _lock = lock::exclusive(&options.locks, &name, limit).await?;
        match self.found(&name).await? {
            Some(container) => Ok(container),
            None => self.launch(&name, Sharing::Shared).await,
        }
    }

    /// The container of this name if it serves; else it is removed, so that it can be started afresh.
    async fn found(&self, name: &str) -> Result<Option<Container>, ContainerError> {
        let Some(found) = self.engine.inspect(name).await? else { return Ok(None) };
        let begun = Instant::now();
        let state = found.state.unwrap_or_default();
        let running = state.running.unwrap_or(false) && !state.paused.unwrap_or(false);
        // Data of a dev service outlives `tools/dev down`; a stopped one of a suite died.
        let wake = !running && self.purpose == Purpose::Dev;
        let host_ports = published(found.host_config.unwrap_or_default());
        if (running || wake) && self.spec.ports.iter().all(|port| host_ports.contains_key(port)) {
            let how = if running { StartedHow::Found } else { StartedHow::Woken };
            let mut container = self.container(name, host_ports, Sharing::Shared, how);
            container.id = found.id.unwrap_or_default();
            if wake {
                self.engine.start(name).await?;
            }
            let limit = if wake { self.spec.start_limit } else { FOUND_LIMIT };
            match container.wait_ready(limit).await {
                Ok(_) => {
                    container.startup.elapsed = begun.elapsed();
                    return Ok(Some(container));
                }
                // What it holds is the user's: they decide.
                Err(error) if self.purpose == Purpose::Dev => return Err(error),
                Err(error) => {
                    tracing::warn!(name, %error, "A shared container does not serve; it is replaced")
                }
            }
        }
        self.engine.remove(name).await?;
        Ok(None)
    }

    async fn launch(&self, name: &str, sharing: Sharing) -> Result<Container, ContainerError> {
        let begun = Instant::now();
        let mut refused = String::new();
        for attempt in 0..PORT_TRIES {
            let host_ports = self.choose_ports(attempt)?;
            match self.request(name, &host_ports, sharing).start().await {
                Ok(started) => {
                    let mut container = self.container(name, host_ports, sharing, StartedHow::Started);
                    container.id = started.id().to_owned();
                    return self.ready(container, begun).await;
                }
                Err(error) => {
                    self.engine.remove(name).await?;
                    refused = super::error::chain(&error);
                    let port_taken = refused.contains("port is already allocated")
                        || refused.contains("address already in use");
                    if !port_taken {
                        return Err(ContainerError::Start { name: name.to_owned(), reason: refused });
                    }
                }
            }
        }
        Err(ContainerError::Port { name: name.to_owned(), reason: refused })
    }

    async fn ready(&self, mut container: Container, begun: Instant) -> Result<Container, ContainerError> {
        match container.wait_ready(self.spec.start_limit).await {
            Ok(_) => {
                container.startup.elapsed = begun.elapsed();
                Ok(container)
            }
            Err(error) => {
                self.engine.remove(container.name()).await?;
                Err(error)
            }
        }
    }

    fn container(
        &self,
        name: &str,
        ports: BTreeMap<u16, u16>,
        sharing: Sharing,
        how: StartedHow,
    ) -> Container {
        Container {
            engine: self.engine.clone(),
            service: self.spec.service,
            part: self.spec.part,
            name: name.to_owned(),
            id: String::new(),
            ports,
            exclusive: sharing == Sharing::Exclusive,
            start_limit: self.spec.start_limit,
            startup: Startup { how, elapsed: Duration::ZERO },
        }
    }

    /// What testcontainers is asked to start. It neither waits nor removes: both are ours.
    fn request(
        &self,
        name: &str,
        host_ports: &BTreeMap<u16, u16>,
        sharing: Sharing,
    ) -> ContainerRequest<GenericImage> {
        let memory = self.spec.memory_bytes;
        let mut request = GenericImage::new(&self.image.repository, &self.image.tag)
            .with_container_name(name)
            .with_hostname(name)
            .with_network(NETWORK)
            .with_reuse(ReuseDirective::Always)
            .with_startup_timeout(ENGINE_START)
            .with_shm_size(SHM_BYTES)
            .with_label(LABEL_SERVICE, self.spec.name())
            .with_label(LABEL_PURPOSE, self.purpose.label())
            .with_cmd(self.spec.command.iter().map(|word| filled(word, name, host_ports)))
            .with_host_config_modifier(move |config| limit_to_us(config, memory));
        for (variable, value) in &self.spec.env {
            request = request.with_env_var(variable, filled(value, name, host_ports));
        }
        for (inside, outside) in host_ports {
            request = request.with_mapped_port(*outside, inside.tcp());
        }
        if sharing == Sharing::Exclusive {
            request = request.with_label(LABEL_OWNER, Owner::this_process().label());
        }
        request
    }

    /// Fixed before the start, so that they survive a restart and Kafka can be told its own. In development the usual
    /// ones are tried first.
    fn choose_ports(&self, attempt: usize) -> Result<BTreeMap<u16, u16>, ContainerError> {
        let usual = self.purpose == Purpose::Dev && attempt == 0;
        let mut chosen = BTreeMap::new();
        for inside in &self.spec.ports {
            let usual = (usual && is_free(*inside)).then_some(*inside);
            let outside = usual.or_else(free_port).ok_or_else(|| ContainerError::Port {
                name: self.stem(),
                reason: "all that were tried are taken".to_owned(),
            })?;
            chosen.insert(*inside, outside);
        }
        Ok(chosen)
    }

    fn stem(&self) -> String {
        format!("ibb-{}-{}", self.purpose.label(), self.spec.name())
    }
}

/// Loopback only, and within its memory.
fn limit_to_us(config: &mut HostConfig, memory_bytes: i64) {
    config.memory = Some(memory_bytes);
    config.memory_swap = Some(memory_bytes);
    for bindings in config.port_bindings.iter_mut().flat_map(|ports| ports.values_mut()) {
        for binding in bindings.iter_mut().flatten() {
            binding.host_ip = Some(HOST.to_owned());
        }
    }
}

impl Options {
    /// The usual ones: images from where `IBB_IMAGES` says, locks in the cache.
    ///
    /// # Errors
    /// `IBB_IMAGES` says something else than it may.
    pub fn new(purpose: Purpose, sharing: Sharing, progress: ImageProgress) -> Result<Self, ContainerError> {
        let origin = Origin::from_env().map_err(ContainerError::Origin)?;
        Ok(Self { purpose, sharing, origin, progress, may_build: true, locks: cache_root().join("locks") })
    }
}
