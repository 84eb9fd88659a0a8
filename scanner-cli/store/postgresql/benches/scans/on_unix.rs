//! Scans into a store on SQLite and into one in PostgreSQL on the same machine, with a server of its own. The argument is the
//! number of items (300,000). Prints a line for each kind of scan, and then what readers of pages wait for.
#![expect(clippy::print_stdout, reason = "the benchmark prints its figures")]

use std::{
    env,
    error::Error,
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use catalog_model::{
    Completeness, ConnectionCode, Contact, Contacts, Container, ContainerKind, ItemKey, ItemState,
    Origin, Place, Precedence, Properties, PropertyValue, RecordDigest, Settings, SourceId,
    Visualization,
    settings::{FileSource, Node, Object, Value},
};
use catalog_store::{
    Beginning, Catalog, Closing, Counts, ItemScope, Store, StoreError, StoreLocation, StoreScan,
    fuse::Removals,
};
use jiff::{SignedDuration, Timestamp};
use postgresql_client::Target;
use postgresql_store::PostgresqlStore;

#[path = "../../../../followers/tests/it/postgresql/cluster.rs"]
#[expect(dead_code, reason = "others use the rest of it")]
mod cluster;

mod pages;
#[path = "../../tests/it/site.rs"]
mod site;

use cluster::{Cluster, SUPERUSER_PASSWORD};

/// No other scanner waits for the lease.
const LEASE: Duration = Duration::from_secs(600);
/// Number of items without an argument.
const ITEMS: u64 = 300_000;
/// Number of items of an app, which share its description.
const ITEMS_OF_APP: u64 = 15;

struct NoFiles;

impl FileSource for NoFiles {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// What a scan sees.
#[derive(Clone, Copy)]
struct Pass {
    name: &'static str,
    /// Every so many items have another name than before.
    changed: Option<u64>,
    version: u64,
    recognizes: bool,
    has_containers: bool,
}

const STREAM: ContainerKind = ContainerKind {
    id: "stream",
    label: "Stream",
};
const APP: ContainerKind = ContainerKind {
    id: "app",
    label: "App",
};
/// Number of streams, each with as many apps.
const STREAMS: u64 = 40;

const PASSES: [Pass; 6] = [
    Pass {
        name: "first scan",
        changed: None,
        version: 0,
        recognizes: true,
        has_containers: false,
    },
    Pass {
        name: "unchanged, recognized",
        changed: None,
        version: 0,
        recognizes: true,
        has_containers: false,
    },
    Pass {
        name: "unchanged, compared",
        changed: None,
        version: 0,
        recognizes: false,
        has_containers: false,
    },
    Pass {
        name: "one in ten changed",
        changed: Some(10),
        version: 1,
        recognizes: true,
        has_containers: false,
    },
    Pass {
        name: "all changed",
        changed: Some(1),
        version: 2,
        recognizes: true,
        has_containers: false,
    },
    Pass {
        name: "apps and streams are new",
        changed: Some(1),
        version: 2,
        recognizes: true,
        has_containers: true,
    },
];

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    let number = env::args().nth(1).filter(|text| !text.starts_with('-'));
    let items = number.map_or(Ok(ITEMS), |text| text.parse())?;
    let cluster = Cluster::start(None)?;
    let folder = tempfile::tempdir()?;
    let sqlite = StoreLocation::from(folder.path().join("catalog.db"));
    let postgresql = server(cluster.port())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    println!("{items} items                 SQLite  PostgreSQL   times");
    for pass in PASSES {
        let mut seconds = [0.0; 2];
        let mut counts = [Counts::default(); 2];
        for (index, location) in [&sqlite, &postgresql].into_iter().enumerate() {
            let begun = Instant::now();
            counts[index] = runtime.block_on(scan(location, items, pass))?;
            seconds[index] = begun.elapsed().as_secs_f64();
        }
        if counts[0] != counts[1] {
            return Err(format!("the stores differ: {counts:?}").into());
        }
        report(pass.name, seconds);
    }
    let mut seconds = [0.0; 2];
    for (index, location) in [&sqlite, &postgresql].into_iter().enumerate() {
        let begun = Instant::now();
        let listed = list(location)?;
        seconds[index] = begun.elapsed().as_secs_f64();
        if listed != items {
            return Err(format!("{listed} items were listed").into());
        }
    }
    report("list of all items", seconds);
    let bytes = |path: &Path| path.metadata().map_or(0, |found| found.len());
    println!(
        "SQLite: {} MB",
        bytes(&folder.path().join("catalog.db")) / 1_000_000
    );
    pages::run([&sqlite, &postgresql])
}

fn report(name: &str, [sqlite, postgresql]: [f64; 2]) {
    println!(
        "{name:<24} {sqlite:>8.2} s {postgresql:>8.2} s {:>6.1}",
        postgresql / sqlite
    );
}

fn server(port: u16) -> Result<StoreLocation, Box<dyn Error>> {
    let text = |text: &str| Node::new(Value::String(text.to_owned()), Place::new("bench", 1, 1));
    let url = format!("postgresql://postgres@127.0.0.1:{port}/postgres");
    let root = [
        ("url", url.as_str()),
        ("password", SUPERUSER_PASSWORD),
        ("schema", "bench"),
    ];
    let root = root.map(|(name, value)| (name.to_owned(), text(value)));
    let root: Object = root.into_iter().collect();
    let mut settings = Settings::new("bench", root, Arc::new(NoFiles));
    let target = Target::read(&mut settings).map_err(|_invalid| "invalid settings")?;
    let store = PostgresqlStore::with_lease(target, "bench", LEASE);
    Ok(StoreLocation::Server(Arc::new(store)))
}

async fn scan(location: &StoreLocation, items: u64, pass: Pass) -> Result<Counts, Box<dyn Error>> {
    let store = Store::open(location, SignedDuration::from_hours(24 * 365))?;
    let time = Timestamp::UNIX_EPOCH;
    let mut scan = store
        .begin(Beginning {
            code: ConnectionCode::new("c")?,
            name: "Connection".to_owned(),
            key_parts: vec!["app", "sheet"],
            revisions: Vec::new(),
            time,
        })
        .await?;
    if pass.recognizes {
        scan.digest_key().await.ok_or("no key of digests")?;
    }
    for number in 0..items {
        if number % 16 == 0 {
            scan.ready().await?;
        }
        let is_changed = pass.changed.is_some_and(|every| number % every == 0);
        let version = if is_changed { pass.version } else { 0 };
        let digest = RecordDigest(u128::from(mixed(number)) << 64 | u128::from(version));
        if pass.recognizes && scan.recognizes(digest) {
            continue;
        }
        let origin = Origin {
            id: Some(SourceId(format!("id-{number}"))),
            digest: Some(digest),
        };
        scan.item(&item(number, version)?, &origin)?;
    }
    if pass.has_containers {
        see_containers(&mut scan, items / ITEMS_OF_APP).await?;
    }
    let closing = Closing {
        statement: Ok(Completeness::Complete),
        time,
        site_version: None,
        bytes: 0,
        removals: Removals::Limited,
        advice: String::new(),
    };
    let (closed, _) = scan.close(closing).await?;
    drop(store);
    Ok(closed.counts)
}

/// All apps are in streams.
async fn see_containers(scan: &mut StoreScan, apps: u64) -> Result<(), Box<dyn Error>> {
    let code = ConnectionCode::new("c")?;
    for stream in 0..STREAMS {
        let name = format!("Stream {stream}");
        scan.container(&Container::new(&code, STREAM, &stream.to_string(), &name)?)?;
    }
    for app in 0..=apps {
        if app % 16 == 0 {
            scan.ready().await?;
        }
        let name = format!("Application {app}");
        let container = Container::new(&code, APP, &app_id(app), &name)?;
        let stream = (app % STREAMS).to_string();
        scan.container(&Container {
            parent: Some(Container::key_of(&code, STREAM, &stream)?),
            tags: vec![format!("tag {}", app % 50)],
            ..container
        })?;
    }
    Ok(())
}

fn app_id(app: u64) -> String {
    format!("{:016x}-app-{app}", mixed(app))
}

fn list(location: &StoreLocation) -> Result<u64, Box<dyn Error>> {
    let catalog = Catalog::open(location)?.ok_or("no store")?;
    let scope = ItemScope {
        connection: None,
        states: &[ItemState::Present],
    };
    let mut count = 0;
    catalog.each_item(scope, |_| {
        count += 1;
        Ok::<_, StoreError>(())
    })?;
    Ok(count)
}

fn mixed(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// An item as large as a sheet with its app.
fn item(number: u64, version: u64) -> Result<Visualization, Box<dyn Error>> {
    let app = number / ITEMS_OF_APP;
    let app_id = app_id(app);
    let sheet = format!("{:016x}-sheet-{number}", mixed(number));
    let mut properties = Properties::default();
    for name in [
        "application_name",
        "stream_name",
        "published",
        "object_type",
        "site_version",
    ] {
        let text = format!("{name} of {app}");
        properties.put(name, PropertyValue::Text(text));
    }
    let description = format!("What application {app} is about, in a few sentences. ").repeat(6);
    properties.put(
        "application_description",
        PropertyValue::LongText(description),
    );
    let tags = (0..4)
        .map(|tag| format!("tag {}", app % 50 + tag))
        .collect();
    properties.put("tags", PropertyValue::Tags(tags));
    Ok(Visualization {
        key: ItemKey::new(["c", &app_id, &sheet])?,
        container: Some(ItemKey::new(["c", &format!("app:{app_id}")])?),
        label: vec![
            format!("Stream {}", app % STREAMS),
            format!("Application {app}"),
            format!("Sheet {number}"),
        ],
        name: format!("Sheet {number} in version {version}"),
        description: Some(format!("What sheet {number} shows, and for whom")),
        contacts: Contacts::Known(vec![Contact {
            role: "owner".into(),
            email: Some(format!("person-{}@example.com", app % 500)),
            name: Some(format!("Person {}", app % 500)),
            account: Some(format!("EXAMPLE\\person-{}", app % 500)),
            status: None,
            email_since: 1,
        }]),
        catalog: None,
        precedence: Precedence::default(),
        properties,
    })
}
