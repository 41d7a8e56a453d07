//! One broker and one database for all tests of this program, each reached through proxies only; one test at a time has
//! them.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use testkit::faults::{PgProxy, TcpProxy};
use testkit::services::{Kafka, Postgres, Sharing};
use tokio::runtime::Runtime;

/// Services that may be killed.
pub struct Services {
    pub kafka: Kafka,
    pub kafka_path: TcpProxy,
    pub postgres: Postgres,
    pub postgres_path: TcpProxy,
    /// In front of `postgres_path`.
    pub commits: PgProxy,
}

/// Runs `test` while no other has the services, which are started by the first that asks and end with the last.
pub fn with_services<T>(test: impl AsyncFnOnce(&Services) -> T) -> T {
    let shared = Shared::get();
    // One that failed has done its worst; the services are mended below.
    let _turn = lock(&shared.turn);
    shared.runtime.block_on(async {
        shared.services.mend().await;
        test(&shared.services).await
    })
}

struct Shared {
    turn: Mutex<()>,
    services: Services,
    /// The proxies live in it, so it ends after them.
    runtime: Runtime,
}

impl Shared {
    /// Tests wait for their turn with this in hand, so that the services are there for the next.
    fn get() -> Arc<Self> {
        static CURRENT: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
        let mut current = lock(&CURRENT);
        if let Some(shared) = current.upgrade() {
            return shared;
        }
        let runtime = Runtime::new().unwrap();
        let services = runtime.block_on(Services::start());
        let shared = Arc::new(Self { turn: Mutex::new(()), services, runtime });
        *current = Arc::downgrade(&shared);
        shared
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Services {
    async fn start() -> Self {
        // Clients go where the broker says it is: through the proxy, which must be there first.
        let kafka_path = TcpProxy::to("127.0.0.1:1").await;
        let advertised = format!("PLAINTEXT://{},INSIDE://{{host}}:19092", kafka_path.address());
        let kafka =
            Kafka::with(|spec| spec.env("KAFKA_ADVERTISED_LISTENERS", &advertised), Sharing::Exclusive);
        let (kafka, postgres) = tokio::try_join!(kafka, Postgres::exclusive()).unwrap();
        kafka_path.lead_to(kafka.bootstrap());
        let postgres_path = TcpProxy::to(format!("{}:{}", postgres.host(), postgres.port())).await;
        let commits = PgProxy::to(postgres_path.address()).await;
        Self { kafka, kafka_path, postgres, postgres_path, commits }
    }

    /// Undoes what a test left that failed.
    async fn mend(&self) {
        self.kafka_path.restore();
        self.postgres_path.restore();
        self.commits.cut_commit_reply(0);
        self.kafka.start_again().await.unwrap();
        self.postgres.start_again().await.unwrap();
    }

    /// Everything answers late and in small pieces for a while.
    pub async fn slow_down(&self, lasting: Duration) {
        for path in [&self.kafka_path, &self.postgres_path] {
            path.change(|network| {
                network.latency = Duration::from_millis(120);
                network.slice = NonZeroUsize::new(700);
            });
        }
        // How long the network is bad: this is the fault itself, nothing is waited for.
        tokio::time::sleep(lasting).await;
        for path in [&self.kafka_path, &self.postgres_path] {
            path.restore();
        }
    }
}
