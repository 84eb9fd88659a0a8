//! The group of processes: a database, sites, scanners and a receiver of their follower.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use xshell::{Shell, cmd};

use super::{
    CONNECTIONS, Failed,
    database::Database,
    random::Random,
    receiver::Receiver,
    scanner::{Scanner, program},
    site::Site,
};
use crate::demo::FakeSite;

/// All processes. They end with this value.
pub(super) struct Group {
    pub(super) scanners: Vec<Scanner>,
    /// A home that scans nothing, for commands that only read.
    pub(super) reader: Scanner,
    pub(super) sites: Vec<Site>,
    pub(super) receiver: Receiver,
    pub(super) database: Database,
    pub(super) random: Random,
    /// `store.lease` in seconds.
    pub(super) lease: u32,
    built: PathBuf,
    /// The program of an earlier version.
    older: Option<PathBuf>,
}

/// How long the group may take until it has scanned everything.
const SETTLED: Duration = Duration::from_secs(120);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Builds the program and the sites. Returns the folder that contains them.
pub(super) fn build(shell: &Shell) -> Result<PathBuf, Failed> {
    cmd!(shell, "cargo build --quiet --package scanner-cli").run()?;
    cmd!(
        shell,
        "cargo build --quiet --package qrs-client --features fake-site --example changing_site"
    )
    .run()?;
    FakeSite::build(shell)
}

impl Group {
    /// A group whose scanners do not run yet.
    pub(super) fn new(
        built: PathBuf,
        scanners: usize,
        lease: u32,
        seed: u64,
    ) -> Result<Self, Failed> {
        let database = Database::start()?;
        let mut group = Self {
            scanners: Vec::new(),
            reader: Scanner::new(&built, "reader", &database.ports())?,
            sites: vec![Site::start(&built)?, Site::start(&built)?],
            receiver: Receiver::start()?,
            database,
            random: Random::new(seed),
            lease,
            built,
            older: None,
        };
        group.reader.configure(lease, &group.receiver.url())?;
        for _ in 0..scanners {
            group.add()?;
        }
        Ok(group)
    }

    /// Adds a scanner that does not run yet.
    pub(super) fn add(&mut self) -> Result<(), Failed> {
        let name = format!("scanner-{}", self.scanners.len() + 1);
        let scanner = Scanner::new(&self.built, &name, &self.database.ports())?;
        scanner.configure(self.lease, &self.receiver.url())?;
        for (code, site) in CONNECTIONS {
            scanner.add_connection(code, &self.sites[site].connection_file(code))?;
        }
        self.scanners.push(scanner);
        Ok(())
    }

    /// Lets all scanners run a program of an earlier version.
    pub(super) fn begin_with(&mut self, older: &Path) {
        self.older = Some(older.to_owned());
        for scanner in self.scanners.iter_mut().chain([&mut self.reader]) {
            scanner.program = older.to_owned();
        }
    }

    /// Lets a scanner run the program of the other version when it starts again.
    pub(super) fn replace_program(&mut self, one: usize) {
        let Some(older) = &self.older else { return };
        let current = program(&self.built);
        let one = &mut self.scanners[one];
        one.program = match one.program == *older {
            true => current.clone(),
            false => older.clone(),
        };
        // The first one of this version has changed the schema.
        self.reader.program = current;
    }

    /// Changes the sites.
    pub(super) fn edit(&mut self, times: usize) -> Result<(), Failed> {
        for _ in 0..times {
            let site = self.random.below(self.sites.len());
            self.sites[site].edit(&mut self.random)?;
        }
        Ok(())
    }

    /// Who scans each connection: `None` is nobody.
    pub(super) fn holders(&self) -> Result<BTreeMap<String, Option<String>>, Failed> {
        let fleet = self.reader.fleet()?;
        let connections = fleet["connections"].as_array().cloned().unwrap_or_default();
        let holder = |one: &Value| {
            let code = one["code"].as_str().unwrap_or_default().to_owned();
            (code, one["scanner"].as_str().map(str::to_owned))
        };
        Ok(connections.iter().map(holder).collect())
    }

    /// Waits until each connection is scanned by one of these scanners, and as evenly as possible. Returns how long it took.
    pub(super) fn wait_for_holders(
        &mut self,
        names: &[String],
        limit: Duration,
    ) -> Result<Duration, Failed> {
        let begun = Instant::now();
        loop {
            let held = self.holders()?;
            let mut counts: BTreeMap<&str, usize> =
                names.iter().map(|name| (name.as_str(), 0)).collect();
            let mut unknown = CONNECTIONS.len().saturating_sub(held.len());
            for holder in held.values() {
                match holder.as_deref().and_then(|name| counts.get_mut(name)) {
                    Some(count) => *count += 1,
                    None => unknown += 1,
                }
            }
            let (least, most) = (counts.values().min(), counts.values().max());
            let is_even = least
                .zip(most)
                .is_some_and(|(least, most)| most - least <= 1);
            if unknown == 0 && is_even {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > limit {
                return Err(self.failed(&format!(
                    "the connections are not spread over {names:?}: {held:?}"
                )));
            }
            sleep(PAUSE);
        }
    }

    /// Waits until all connections of a scanner have others, whether evenly spread or not. Returns how long it took.
    pub(super) fn wait_for_takeover(
        &mut self,
        lost: &str,
        limit: Duration,
    ) -> Result<Duration, Failed> {
        let begun = Instant::now();
        loop {
            let held = self.holders()?;
            let is_taken =
                |holder: &Option<String>| holder.as_deref().is_some_and(|name| name != lost);
            if held.len() == CONNECTIONS.len() && held.values().all(is_taken) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > limit {
                return Err(self.failed(&format!(
                    "the connections of {lost} were not taken over: {held:?}"
                )));
            }
            sleep(PAUSE);
        }
    }

    /// Waits until the store and the receiver have what the sites have.
    pub(super) fn settle(&mut self) -> Result<Duration, Failed> {
        let begun = Instant::now();
        loop {
            let missing = match self.missing() {
                Ok(missing) => missing,
                Err(error) => Some(error.to_string()),
            };
            let Some(missing) = missing else {
                return Ok(begun.elapsed());
            };
            if begun.elapsed() > SETTLED {
                return Err(self.failed(&format!(
                    "the catalog is not what the sites have: {missing}"
                )));
            }
            sleep(PAUSE);
        }
    }

    /// An error with the state of all scanners.
    pub(super) fn failed(&mut self, what: &str) -> Failed {
        let mut text = format!("{what}\n");
        let status = self.reader.command(&["status"]);
        text += &status.unwrap_or_else(|error| error.to_string());
        for scanner in &mut self.scanners {
            let state = match (scanner.is_running(), scanner.is_paused) {
                (false, _) => "not running",
                (true, true) => "paused",
                (true, false) => "running",
            };
            text += &format!("--- {} ({state}):\n{}\n", scanner.name, scanner.log());
        }
        text.into()
    }
}
