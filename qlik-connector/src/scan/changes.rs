//! Reading only what changed since the last complete scan (`connection.incremental`).
//!
//! Apps and users are always read completely. The sheets are read app by app: a table of the ids and modification dates of
//! all sheets shows in which apps a sheet was added, changed or removed. The sheets of these apps, of apps whose own record
//! changed, and of apps with a sheet whose owner changed are read. What is known of the others is a digest for each app,
//! not for each sheet.

pub(crate) mod affected;
pub(crate) mod index;
pub(crate) mod memory;
pub(crate) mod reading;
pub(crate) mod table;

use std::time::Duration;

use catalog_model::{Checkpoint, ScanRequest};

use crate::scan::{changes::memory::Memory, source::Source};

/// The settings of incremental reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incremental {
    /// Maximum time between two scans that read everything.
    pub(crate) full_every: Duration,
}

/// What a scan reads.
pub(crate) enum Plan {
    /// Everything. For a connection that may read only changes, the reason.
    Everything(Option<String>),
    /// What changed since an earlier scan, with what was remembered of it.
    Changes(Box<Memory>),
}

impl Source {
    /// Decides what a scan reads.
    pub(crate) fn plan(&self, request: ScanRequest) -> Plan {
        let Some(incremental) = self.incremental else {
            return Plan::Everything(None);
        };
        match self.remembered(incremental, request) {
            Ok(memory) => Plan::Changes(Box::new(memory)),
            Err(why) => Plan::Everything(Some(why)),
        }
    }

    fn remembered(&self, incremental: Incremental, request: ScanRequest) -> Result<Memory, String> {
        let ScanRequest::Changes(checkpoint) = request else {
            return Err("a scan of everything was requested".to_owned());
        };
        let Some(Checkpoint { state, since_full }) = checkpoint else {
            return Err(
                "the last scan in the store was not complete, or was made without `connection.incremental`".to_owned(),
            );
        };
        if since_full >= incremental.full_every {
            return Err("the last scan of everything is `connection.full_every` ago".to_owned());
        }
        let changed = "the filters, other settings or the version of the program changed";
        Memory::decode(&state)
            .filter(|memory| memory.basis == self.basis())
            .ok_or_else(|| changed.to_owned())
    }

    /// A digest of everything but the site's records that items depend on.
    pub(crate) fn basis(&self) -> String {
        let filter = self.filter.as_ref().map(|filter| filter.signature());
        let site = self.client.site().as_url().as_str();
        let basis = format!(
            "{} {:?} {site} {} {} {filter:?} {:?} {}",
            env!("CARGO_PKG_VERSION"),
            crate::schema::properties::REVISIONS,
            self.links.as_url(),
            self.code,
            self.with_owners,
            self.addresses.signature(),
        );
        format!("{:032x}", crate::site::digest::digest(basis))
    }
}
