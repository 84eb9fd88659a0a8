//! Stores of tests: each has a schema of its own on the server of all tests.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use catalog_model::{
    Place, Settings,
    settings::{self, FileSource, Node, Object},
};
use catalog_store::StoreLocation;
use postgresql_client::{Session, Target};
use postgresql_store::PostgresqlStore;

/// The server of the follower's tests.
#[path = "../../../../followers/tests/it/postgresql/cluster.rs"]
#[expect(dead_code, reason = "others use the rest of it")]
mod cluster;

use cluster::{Cluster, SUPERUSER_PASSWORD};

struct NoFiles;

impl FileSource for NoFiles {
    fn read(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// The port of the server. It ends with the process.
fn port() -> u16 {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| {
        let cluster = Cluster::start(None).unwrap();
        // A login with a password takes long without optimization.
        let sql = format!(
            "CREATE ROLE passwordless; CREATE ROLE {ROLE} LOGIN IN ROLE passwordless; \
             CREATE ROLE reader LOGIN IN ROLE passwordless; \
             GRANT CREATE ON DATABASE postgres TO {ROLE}"
        );
        let port = cluster.port();
        let created = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let session = Session::open(&read("postgres", port, "public"))
                    .await
                    .unwrap();
                session.batch(&sql).await.unwrap();
                session.close().await;
            });
        });
        created.join().unwrap();
        Mutex::new(cluster)
    });
    let cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
    cluster.port()
}

/// The role of the scanners, without a password.
const ROLE: &str = "scanner";
/// Long enough for reports, which may take a sixth of it, on a busy machine. No test waits until it ends.
const LEASE: Duration = Duration::from_secs(300);

/// A schema that no other test uses.
pub(crate) fn schema() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("store_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The database of the tests.
pub(crate) fn target(schema: &str) -> Target {
    read(ROLE, port(), schema)
}

fn read(role: &str, port: u16, schema: &str) -> Target {
    let text = |text: &str| {
        Node::new(
            settings::Value::String(text.to_owned()),
            Place::new("application.conf", 1, 1),
        )
    };
    let url = format!("postgresql://{role}@127.0.0.1:{port}/postgres");
    let root = [
        ("url", url.as_str()),
        ("password", SUPERUSER_PASSWORD),
        ("schema", schema),
    ];
    let root = root.map(|(name, value)| (name.to_owned(), text(value)));
    let root: Object = root.into_iter().collect();
    let mut settings = Settings::new("application.conf", root, Arc::new(NoFiles));
    Target::read(&mut settings).unwrap()
}

/// A new store.
pub(crate) fn new_store() -> StoreLocation {
    location(&schema(), "test")
}

/// The store in this schema, as this scanner sees it.
pub(crate) fn location(schema: &str, scanner: &str) -> StoreLocation {
    StoreLocation::Server(Arc::new(store(schema, scanner)))
}

/// The same, for the role `reader`, which has no rights yet.
pub(crate) fn reader(schema: &str) -> StoreLocation {
    let target = read("reader", port(), schema);
    let store = PostgresqlStore::with_lease(target, "reader", LEASE);
    StoreLocation::Server(Arc::new(store))
}

/// The same, not yet as a location.
pub(crate) fn store(schema: &str, scanner: &str) -> PostgresqlStore {
    PostgresqlStore::with_lease(target(schema), scanner, LEASE)
}

/// Runs a statement in a schema.
pub(crate) async fn execute(schema: &str, sql: &str) {
    let session = Session::open(&target(schema)).await.unwrap();
    let path = format!("SET search_path = \"{schema}\"");
    session.batch(&path).await.unwrap();
    session.batch(sql).await.unwrap();
    session.close().await;
}
