//! Reads the pages and the API over both stores, with 50 readers over HTTP.

use std::{
    error::Error,
    io,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use catalog_store::{
    StoreLocation,
    browse::{BrowseSettings, IndexState},
};
use catalog_web::ContainerRoute;

use crate::on_unix::site::{Client, Served};

/// Number of readers, each with a connection of its own.
const READERS: usize = 50;
/// Number of requests of each reader for a line of the table.
const REQUESTS: usize = 10;
/// How long a reader looks at what it received. Without a pause, 50 readers would measure the queue of two cores.
const PAUSE: Duration = Duration::from_millis(500);

const ROUTES: [ContainerRoute; 2] = [
    ContainerRoute {
        path: "apps",
        kind: "app",
    },
    ContainerRoute {
        path: "streams",
        kind: "stream",
    },
];

/// Paths of each line. Readers use them in turn. All names have the word `sheet`, all descriptions `shows`.
const LINES: [(&str, &[&str]); 9] = [
    ("home page", &["/"]),
    (
        "search, with facets",
        &[
            "/search?q=shows",
            "/search?q=s",
            "/search?q=sheet+47",
            "/search?q=application+17",
            "/search?q=person+3",
            "/search",
        ],
    ),
    (
        "search, with filter",
        &[
            "/search?q=whom&connection=c",
            "/search?state=present",
            "/search?sort=changed",
        ],
    ),
    (
        "search in the API, 100 items",
        &[
            "/api/v1/items?q=shows",
            "/api/v1/items?q=she+ver",
            "/api/v1/items?q=stream+7+sheet",
            "/api/v1/items?limit=100",
        ],
    ),
    ("apps", &["/apps", "/api/v1/apps"]),
    ("owners", &["/owners"]),
    ("changes", &["/changes", "/api/v1/changes"]),
    ("connections, scans", &["/connections", "/scans"]),
    ("quality", &["/quality"]),
];

pub(super) fn run(stores: [&StoreLocation; 2]) -> Result<(), Box<dyn Error>> {
    let settings = BrowseSettings {
        tag_properties: vec!["tags".to_owned()],
        ..BrowseSettings::default()
    };
    let [sqlite, postgresql] =
        stores.map(|store| Served::start(store.clone(), settings.clone(), &ROUTES));
    let served = [sqlite?, postgresql?];
    let mut seconds = [0.0; 2];
    for (site, seconds) in served.iter().zip(&mut seconds) {
        let begun = Instant::now();
        site.browser.update()?;
        while site.browser.index_state()? != IndexState::Current {
            thread::sleep(Duration::from_millis(200));
        }
        *seconds = begun.elapsed().as_secs_f64();
    }
    super::report("index", seconds);
    println!(
        "\n{:<32} p50 ms   p95 ms   max ms   p50 ms   p95 ms   max ms",
        ""
    );
    let key = first_item(&served[0])?;
    let item = [format!("/items/{key}"), format!("/api/v1/items/{key}")];
    let item = [item[0].as_str(), item[1].as_str()];
    for (name, paths) in LINES.into_iter().chain([("item", &item[..])]) {
        print!("{name:<30}");
        for site in &served {
            let times = measure(site, paths)?;
            let [half, most, all] = [50, 95, 100].map(|share| percentile(&times, share));
            print!(" {half:>8.1} {most:>8.1} {all:>8.1}");
        }
        println!();
    }
    Ok(())
}

fn first_item(site: &Served) -> io::Result<String> {
    let (_, page) = Client::connect(site.address)?.get("/api/v1/items?limit=1")?;
    let key = page
        .split("\"key\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    key.map(str::to_owned)
        .ok_or_else(|| io::Error::other("there is no item"))
}

/// Requests paths with all readers, and returns the sorted milliseconds of all requests.
fn measure(site: &Served, paths: &[&str]) -> io::Result<Vec<f64>> {
    let times = Mutex::new(Vec::with_capacity(READERS * REQUESTS));
    let read = |reader: usize| -> io::Result<()> {
        let mut client = Client::connect(site.address)?;
        // Readers do not begin at the same time.
        thread::sleep(PAUSE * u32::try_from(reader).unwrap_or(0) / READERS as u32);
        for request in 0..REQUESTS {
            let path = paths[(reader + request) % paths.len()];
            let begun = Instant::now();
            let (status, body) = client.get(path)?;
            let millis = begun.elapsed().as_secs_f64() * 1e3;
            if status != 200 {
                return Err(io::Error::other(format!("{path}: {status} {body}")));
            }
            if let Ok(mut times) = times.lock() {
                times.push(millis);
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|reader| scope.spawn(move || read(reader)))
            .collect();
        let mut ended = readers.into_iter().map(thread::ScopedJoinHandle::join);
        ended.try_for_each(|ended| {
            ended.unwrap_or_else(|_| Err(io::Error::other("a reader failed")))
        })
    })?;
    let mut times = times.into_inner().unwrap_or_default();
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// The value below which this share of the sorted values is, in percent.
fn percentile(sorted: &[f64], share: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * share / 100).copied().unwrap_or(0.0)
}
