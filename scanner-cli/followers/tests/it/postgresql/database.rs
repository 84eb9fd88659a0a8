//! A database of a test, and a follower that writes to it.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use catalog_model::{
    Feed, Follower, Place, Settings, Stage, Verdict,
    follower::Delivery,
    settings::{self, FileSource, Node, Object},
};
use tokio_postgres::{Client, NoTls, Row, types::ToSql};

use super::cluster::{Cluster, Identity, SUPERUSER_PASSWORD};

/// The password of every scanner's role.
pub(crate) const PASSWORD: &str = "p4$$ w\u{f6}rd";

/// A database of its own, with a role that owns nothing else.
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) port: u16,
}

/// The server of all tests. It ends with the process.
fn cluster() -> u16 {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| {
        let (certificate, key) = (fixture("site-chain.pem"), fixture("site.key"));
        let identity = Identity {
            certificate: &certificate,
            key: &key,
        };
        Mutex::new(Cluster::start(Some(&identity)).unwrap())
    });
    let cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
    cluster.port()
}

pub(crate) fn fixture(name: &str) -> String {
    std::fs::read_to_string(fixture_path(name)).unwrap()
}

fn fixture_path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../qrs-client/tests/fixtures")
        .join(name)
}

/// The files of the tests' certificates.
struct Fixtures;

impl FileSource for Fixtures {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        std::fs::read(fixture_path(path))
    }
}

impl Database {
    /// A new database whose owner is a new role.
    pub(crate) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
        Self::on(tokio::task::spawn_blocking(cluster).await.unwrap(), &number).await
    }

    /// The same on a server of the test.
    pub(crate) async fn on(port: u16, suffix: &str) -> Self {
        let database = Self {
            name: format!("catalog{suffix}"),
            role: format!("scanner{suffix}"),
            port,
        };
        let (name, role) = (&database.name, &database.role);
        let superuser = database.connect("postgres", "postgres").await;
        // The statements cannot share a transaction.
        for sql in [
            format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"),
            format!("CREATE DATABASE {name} OWNER {role}"),
        ] {
            superuser.batch_execute(&sql).await.unwrap();
        }
        database
    }

    /// Lets the role log in without its password, because each login with one takes long without optimization.
    pub(crate) async fn without_password(self) -> Self {
        let create = "DO $$ BEGIN CREATE ROLE passwordless; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
        self.execute(create).await;
        self.execute(&format!("GRANT passwordless TO {}", self.role))
            .await;
        self
    }

    /// Takes the database from its role.
    pub(crate) async fn belongs_to_superuser(&self) {
        let change = format!("ALTER DATABASE {} OWNER TO postgres", self.name);
        self.execute(&change).await;
    }

    async fn connect(&self, user: &str, database: &str) -> Client {
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(self.port)
            .user(user)
            .dbname(database);
        config.password(match user {
            "postgres" => SUPERUSER_PASSWORD,
            _ => PASSWORD,
        });
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A session of a superuser in the database.
    pub(crate) async fn superuser(&self) -> Client {
        self.connect("postgres", &self.name).await
    }

    /// A session of a role in the database.
    pub(crate) async fn session(&self, role: &str) -> Client {
        self.connect(role, &self.name).await
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.superuser().await.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.superuser().await.query(sql, values).await.unwrap()
    }

    /// The first column of all rows, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = format!("SELECT (t.*)::text FROM ({sql}) AS t");
        self.rows(&sql, &[])
            .await
            .iter()
            .map(|row| row.get(0))
            .collect()
    }

    pub(crate) async fn count(&self, from: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {from}");
        self.rows(&sql, &[]).await[0].get(0)
    }

    pub(crate) fn url(&self) -> String {
        self.url_at(self.port)
    }

    pub(crate) fn url_at(&self, port: u16) -> String {
        format!("postgresql://{}@127.0.0.1:{port}/{}", self.role, self.name)
    }

    /// The follower with the password.
    pub(crate) fn follower(&self) -> Box<dyn Follower> {
        self.follower_with(&[])
    }

    /// The follower with more settings.
    pub(crate) fn follower_with(&self, more: &[(&str, &str)]) -> Box<dyn Follower> {
        let url = self.url();
        let mut settings = vec![("url", url.as_str()), ("password", PASSWORD)];
        settings.extend(more);
        open(&settings).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// The stages of a check: names, verdicts and texts.
    pub(crate) async fn check_with(&self, more: &[(&str, &str)]) -> Vec<Stage> {
        self.follower_with(more).check(None).await
    }
}

/// Opens a follower from settings with dotted names; a later one with the same name counts.
pub(crate) fn open(settings: &[(&str, &str)]) -> Result<Box<dyn Follower>, Vec<String>> {
    let mut root = Object::default();
    let place = || Place::new("application.conf", 1, 1);
    for (name, value) in [&("kind", "postgresql")].into_iter().chain(settings) {
        let mut node = Node::new(settings::Value::String((*value).to_owned()), place());
        let mut names: Vec<_> = name.split('.').collect();
        let first = names.remove(0);
        for name in names.into_iter().rev() {
            let block = [(name.to_owned(), node)].into_iter().collect();
            node = Node::new(settings::Value::Object(block), place());
        }
        let node = match (root.get(first).map(|node| &node.value), node.value) {
            (Some(settings::Value::Object(old)), settings::Value::Object(new)) => {
                let mut old = old.clone();
                for entry in new {
                    old.add(&entry.key, &entry.key_place, entry.value);
                }
                Node::new(settings::Value::Object(old), place())
            }
            (_, value) => Node::new(value, place()),
        };
        root.add(first, &place(), node);
    }
    let mut settings = Settings::new("application.conf", root, Arc::new(Fixtures));
    let opened = catalog_followers::registry(Path::new(".")).open(&mut settings);
    match opened {
        Ok(Some(configured)) => Ok(configured.follower),
        _ => Err((settings.problems().iter())
            .map(|problem| {
                format!(
                    "{} ({})",
                    problem.message,
                    problem.hint.clone().unwrap_or_default()
                )
            })
            .collect()),
    }
}

/// Delivers to a database that can be reached.
pub(crate) async fn deliver(database: &Database, feed: &dyn Feed) -> Delivery {
    database.follower().follow(feed).await.unwrap()
}

/// The stages that did not pass, and the last one that did: `name: text`.
pub(crate) fn result(stages: &[Stage]) -> (Vec<&'static str>, String) {
    let names = [
        "name resolution",
        "tcp",
        "proxy",
        "tls",
        "login",
        "server and version",
        "permissions",
        "schema",
        "mapping",
    ];
    assert!(
        stages.iter().map(|stage| stage.name).eq(names),
        "{stages:?}"
    );
    let failed = stages
        .iter()
        .position(|stage| stage.verdict == Verdict::Failed);
    let (reached, rest) = stages.split_at(failed.map_or(stages.len(), |at| at + 1));
    assert!(
        rest.iter()
            .all(|stage| stage.verdict == Verdict::NotReached && stage.seen.is_empty())
    );
    assert!(
        reached
            .iter()
            .all(|stage| stage.verdict != Verdict::NotReached)
    );
    let text = reached.iter().map(|stage| {
        format!(
            "{}: {} [{}]",
            stage.name,
            stage.seen,
            stage.hint.clone().unwrap_or_default()
        )
    });
    let text = text.collect::<Vec<_>>().join("\n");
    assert!(!text.contains(PASSWORD), "{text}");
    (failed.map(|at| stages[at].name).into_iter().collect(), text)
}
