//! Sites that change, and what the catalog must have of them.

use std::{collections::BTreeMap, path::Path};

use super::{Failed, random::Random};
use crate::browser::served::ChangingSite;

/// A site, and what it has.
pub(super) struct Site {
    site: ChangingSite,
    /// The descriptions of the sheets that were set, by name.
    pub(super) sheets: BTreeMap<String, String>,
    /// The names of sheets that were removed.
    pub(super) removed: Vec<String>,
    edits: usize,
}

/// Number of edited sheets above which more are removed than added.
const SHEETS: usize = 20;

impl Site {
    pub(super) fn start(built: &Path) -> Result<Self, Failed> {
        Ok(Self {
            site: ChangingSite::start(&built.join("examples/changing_site"))?,
            sheets: BTreeMap::new(),
            removed: Vec::new(),
            edits: 0,
        })
    }

    pub(super) fn connection_file(&self, code: &str) -> String {
        self.site.connection_file_of(code)
    }

    /// Adds, describes or removes a sheet.
    pub(super) fn edit(&mut self, random: &mut Random) -> Result<(), Failed> {
        self.edits += 1;
        let known: Vec<_> = self.sheets.keys().cloned().collect();
        let one = known.get(random.below(known.len()));
        match (random.below(4), one) {
            (0, Some(name)) => self.remove(name),
            (1, Some(name)) if known.len() > SHEETS => self.remove(name),
            (1 | 2, Some(name)) => self.set(name),
            _ => self.set(&format!("sheet-{}", self.edits)),
        }
    }

    fn set(&mut self, name: &str) -> Result<(), Failed> {
        let text = format!("edit {}", self.edits);
        self.site.send(&format!("set {name} {text}"))?;
        self.sheets.insert(name.to_owned(), text);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), Failed> {
        self.site.send(&format!("remove {name}"))?;
        self.sheets.remove(name);
        self.removed.push(name.to_owned());
        Ok(())
    }
}
