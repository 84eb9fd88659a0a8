//! A home whose store has a large site, which nothing was delivered of yet.

use std::{
    error::Error,
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::super::{
    large_site::LargeSite,
    measure::{Measure, measured},
};
use crate::Outcome;

/// The store is copied before each delivery.
pub(super) struct Scanned<'a> {
    site: &'a LargeSite,
    sheets: usize,
}

impl<'a> Scanned<'a> {
    /// Scans the site.
    pub(super) fn new(site: &'a LargeSite, sheets: usize) -> Result<Self, Box<dyn Error>> {
        let scanned = Self { site, sheets };
        fs::create_dir(scanned.folder().join("conf"))?;
        scanned.configure("")?;
        scanned.run(&["scan"])?;
        fs::rename(scanned.folder().join("data"), scanned.folder().join("seed"))?;
        scanned.restore()?;
        Ok(scanned)
    }

    pub(super) fn folder(&self) -> &Path {
        self.site.home.path()
    }

    pub(super) fn sheets(&self) -> usize {
        self.sheets
    }

    /// Reads all items of the store.
    pub(super) fn read(&self) -> Result<Measure, Box<dyn Error>> {
        let mut list = self
            .site
            .scanner(&["catalog", "list", "--format", "ndjson"]);
        measured(list.stdout(Stdio::null()))
    }

    /// Delivers everything to a follower of this kind with these settings.
    pub(super) fn first_delivery(
        &self,
        kind: &str,
        follower: &str,
    ) -> Result<Measure, Box<dyn Error>> {
        self.configure(follower)?;
        self.restore()?;
        let printed = self.folder().join("delivered");
        let mut follow = self.site.scanner(&["follow", "--format", "ndjson"]);
        let measure = measured(follow.stdout(File::create(&printed)?))?;
        let printed: Value = serde_json::from_slice(&fs::read(&printed)?)?;
        let items = printed["delivered"][0]["items"]
            .as_u64()
            .unwrap_or_default();
        match items == self.sheets as u64 {
            true => Ok(measure),
            false => Err(format!("{kind} has {items} of {} sheets", self.sheets).into()),
        }
    }

    /// Scans the site again, which has not changed, and delivers to the follower.
    pub(super) fn scan_again(&self, follower: &str) -> Outcome {
        self.configure(follower)?;
        self.run(&["scan"])
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command: Command = self.site.scanner(arguments);
        let output = command.output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }

    fn configure(&self, follower: &str) -> Outcome {
        let followers = match follower {
            "" => String::new(),
            follower => format!("{{ {follower} }}"),
        };
        let path = self.folder().join("conf/application.conf");
        Ok(fs::write(path, format!("followers = [ {followers} ]\n"))?)
    }

    /// Puts the store back to what it was after the scan.
    fn restore(&self) -> Outcome {
        let (data, seed) = (self.folder().join("data"), self.folder().join("seed"));
        // Before the first time, the folder does not exist.
        let _ = fs::remove_dir_all(&data);
        fs::create_dir(&data)?;
        for file in fs::read_dir(seed)? {
            let file = file?;
            fs::copy(file.path(), data.join(file.file_name()))?;
        }
        // Write it to disk before the measurement, so that the system does not write it during the measurement.
        Ok(File::open(data.join("catalog.db"))?.sync_all()?)
    }
}
