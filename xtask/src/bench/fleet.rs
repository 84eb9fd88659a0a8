//! `cargo xtask bench fleet`: three scanners with one store in PostgreSQL, at three sizes, and with one very large site.
//!
//! The server has the settings of a new PostgreSQL, with `fsync`. All processes share this machine.

use std::{
    error::Error,
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use xshell::{Shell, cmd};

use super::{
    history::Service,
    large_site::LargeSite,
    measure::{first_byte, measured, memory},
    site::Size,
    web::{self, SERVE, Server},
};
use crate::{
    Outcome,
    fleet::{Database, ROLE, SCHEMA},
};

/// Number of sheets in all connections of the largest size.
pub(crate) const SHEETS: usize = 3_000_000;
/// The sizes are the largest one divided by these numbers.
const SIZES: [usize; 3] = [10, 3, 1];
const SCANNERS: usize = 3;
const CONNECTIONS: usize = 30;
/// Number of sheets of each app.
const SHEETS_OF_APP: usize = 50;
/// A site with the number of apps of the largest known site, and the number of users of another one.
const LARGE_SITE: Size = Size {
    sheets: 300_000,
    apps: 23_500,
    users: 40_000,
};
/// How long all first scans, or all later ones, may take.
const SCANS: Duration = Duration::from_secs(3_600);
/// Pause between two looks at the scans.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn run(shell: &Shell, sheets: usize) -> Outcome {
    cmd!(shell, "cargo build --release --package scanner-cli").run()?;
    for part in SIZES {
        let sheets = sheets / part / CONNECTIONS;
        let apps = (sheets / SHEETS_OF_APP).max(1);
        measure(shell, CONNECTIONS, Size::new(sheets, apps))?;
    }
    let large = Size {
        sheets: LARGE_SITE.sheets.min(sheets),
        ..LARGE_SITE
    };
    measure(shell, 1, large)
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn measure(shell: &Shell, connections: usize, size: Size) -> Outcome {
    let items = size.sheets * connections;
    println!("\n{items} items of {connections} connections, {SCANNERS} scanners. Each connection:");
    let site = LargeSite::serve_of(shell, size)?;
    Fleet::new(&site, connections)?.measure(items)
}

/// Scanners that do not run yet, and their database.
struct Fleet<'a> {
    site: &'a LargeSite,
    /// The codes of the connections. The pages use the first one.
    codes: Vec<String>,
    homes: Vec<PathBuf>,
    database: Database,
}

impl<'a> Fleet<'a> {
    fn new(site: &'a LargeSite, connections: usize) -> Result<Self, Box<dyn Error>> {
        let database = Database::start()?;
        database.query("ALTER SYSTEM SET fsync = on")?;
        database.query("SELECT pg_reload_conf()")?;
        let settings = format!(
            "store.url = \"postgresql://{ROLE}@127.0.0.1:{}/postgres\"\nstore.schema = {SCHEMA}\nfollowers = []\n",
            database.ports()[0]
        );
        let file = fs::read_to_string(site.home.path().join("connections/bench.conf"))?;
        let others = (2..=connections).map(|number| format!("bench-{number}"));
        let codes: Vec<_> = std::iter::once("bench".to_owned()).chain(others).collect();
        let mut homes = Vec::new();
        for scanner in 1..=SCANNERS {
            let home = site.home.path().join(format!("scanner-{scanner}"));
            fs::create_dir_all(home.join("conf"))?;
            fs::create_dir_all(home.join("connections"))?;
            fs::write(home.join("conf/application.conf"), &settings)?;
            fs::write(home.join("agent-identifier"), format!("scanner-{scanner}"))?;
            for code in &codes {
                // Only the first scan is due.
                let file = file.replace("code = bench", &format!("code = {code}"))
                    + "schedule = \"0 0 0 1 1 ? 2099\"\n";
                fs::write(home.join(format!("connections/{code}.conf")), file)?;
            }
            homes.push(home);
        }
        Ok(Self {
            site,
            codes,
            homes,
            database,
        })
    }

    #[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
    fn measure(&self, items: usize) -> Outcome {
        println!(
            "{:<28} {:>10} {:>12} {:>20}",
            "", "s", "items/s", "MiB of a scanner"
        );
        self.first_scans(items)?;
        self.unchanged_scans(items)?;
        self.size(items)?;
        let list = first_byte(|| self.site.scanner_in(&self.homes[0], &["catalog", "list"]))?;
        println!("catalog list, first line: {list:.2} s");
        let (server, seconds) =
            Server::start_with_index(self.site.scanner_in(&self.homes[0], &SERVE))?;
        println!("the index of the search was filled in {seconds:.1} s");
        self.size(items)?;
        web::read_pages(&server)?;
        drop(server);
        self.copies(items)
    }

    /// Moves the store to a file, and from there to another database.
    fn copies(&self, items: usize) -> Outcome {
        let home = self.site.home.path().join("moved");
        fs::create_dir_all(home.join("data"))?;
        fs::create_dir_all(home.join("conf"))?;
        let settings = format!("store.schema = {SCHEMA}\n");
        fs::write(home.join("conf/application.conf"), settings)?;
        let to_file = format!("sqlite:{}", home.join("data/catalog.db").display());
        let to_server = format!(
            "postgresql://{ROLE}@127.0.0.1:{}/moved",
            self.database.ports()[0]
        );
        let create = format!("CREATE DATABASE moved OWNER {ROLE}");
        self.database.query(&create)?;
        for (name, home, to) in [
            ("store copy to a file", &self.homes[0], to_file),
            ("store copy to a server", &home, to_server),
        ] {
            let arguments = ["store", "copy", "--to", &to];
            let copied = measured(&mut self.site.scanner_in(home, &arguments))?;
            line(
                name,
                items,
                Duration::from_secs_f64(copied.seconds),
                copied.peak,
            );
        }
        fs::remove_dir_all(&home)?;
        Ok(())
    }

    /// All scanners run as services, share the connections, and scan each of them once.
    fn first_scans(&self, items: usize) -> Outcome {
        let begun = Instant::now();
        let services = self.homes.iter();
        let services = services.map(|home| Service::start(self.site.scanner_in(home, &["run"])));
        let mut services = services.collect::<Result<Vec<_>, _>>()?;
        let peak = self.wait(self.codes.len(), || {
            services.iter().map(|service| memory(&service.0, "VmHWM:"))
        })?;
        line("first scans", items, begun.elapsed(), peak);
        // As the service manager does, so that they leave the group at once.
        for service in &mut services {
            let id = service.0.id().to_string();
            Command::new("kill").args(["-TERM", &id]).status()?;
            service.0.wait()?;
        }
        Ok(())
    }

    /// Each scanner scans its part of the connections again.
    fn unchanged_scans(&self, items: usize) -> Outcome {
        let begun = Instant::now();
        let start = |(home, codes): (&PathBuf, &[String])| {
            let mut command = self.site.scanner_in(home, &["scan"]);
            command
                .args(codes)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command.spawn()
        };
        let parts = self.codes.chunks(self.codes.len().div_ceil(SCANNERS));
        let running = self.homes.iter().zip(parts).map(start);
        let mut running: Vec<Child> = running.collect::<Result<_, _>>()?;
        let peak = self.wait(2 * self.codes.len(), || {
            running.iter().map(|scan| memory(scan, "VmHWM:"))
        })?;
        for scan in &mut running {
            scan.wait()?;
        }
        line("scans, nothing changed", items, begun.elapsed(), peak);
        Ok(())
    }

    /// Waits until so many scans are complete. Returns the most memory of a process, in MiB.
    fn wait<I: Iterator<Item = f64>>(
        &self,
        scans: usize,
        memory: impl Fn() -> I,
    ) -> Result<f64, Box<dyn Error>> {
        let begun = Instant::now();
        let mut peak: f64 = 0.0;
        loop {
            peak = memory().fold(peak, f64::max);
            let ended = self.database.query(
                "SELECT outcome, count(*) FROM scan WHERE outcome IS NOT NULL GROUP BY outcome",
            );
            // The schema does not exist yet.
            let ended = ended.unwrap_or_default();
            let other = ended.iter().find(|row| !row.starts_with("complete|"));
            if let Some(other) = other {
                return Err(format!("a scan was not complete: {other}").into());
            }
            if ended == [format!("complete|{scans}")] {
                return Ok(peak);
            }
            if begun.elapsed() > SCANS {
                return Err(format!("not all scans have ended: {ended:?}").into());
            }
            thread::sleep(PAUSE);
        }
    }

    #[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
    fn size(&self, items: usize) -> Outcome {
        let found = self
            .database
            .number("SELECT count(*) FROM item WHERE state = 0 AND container_kind IS NULL")?;
        if usize::try_from(found) != Ok(items) {
            return Err(format!("{found} of {items} items are in the store").into());
        }
        let bytes = self
            .database
            .number("SELECT pg_database_size(current_database())")? as f64;
        println!(
            "the database has {:.0} MB, {:.0} bytes per item",
            bytes / 1e6,
            bytes / items as f64
        );
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
fn line(name: &str, items: usize, took: Duration, peak: f64) {
    let seconds = took.as_secs_f64();
    println!(
        "{name:<28} {seconds:>10.1} {:>12.0} {peak:>20.1}",
        items as f64 / seconds
    );
}
