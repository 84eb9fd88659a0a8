//! What must hold whatever happens.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{CONNECTIONS, Failed, group::Group};

/// A statement that counts what must not be, and its meaning.
const NEVER: [(&str, &str); 7] = [
    (
        "a number is missing in the log of changes",
        // The first complete scan of a connection has a number of its own.
        "SELECT last - (SELECT count(*) FROM change) - (SELECT count(complete_from) FROM connection) FROM log",
    ),
    (
        "a scan counts changes that are not in the log, or the log has more than it counts",
        "SELECT count(*) FROM (SELECT scan.id FROM scan LEFT JOIN change ON change.scan = scan.id \
         AND change.kind IN (0, 1, 2, 3) AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = change.item \
         AND container_kind IS NOT NULL) WHERE outcome IN ('complete', 'partial') GROUP BY scan.id \
         HAVING count(change.seq) <> scan.added + scan.changed + scan.removed + scan.returned) AS wrong",
    ),
    (
        "a change belongs to a scan that was not completed",
        "SELECT count(*) FROM change LEFT JOIN scan ON scan.id = change.scan \
         WHERE outcome IS NULL OR outcome NOT IN ('complete', 'partial')",
    ),
    (
        "two scans have written the same part of the log",
        "SELECT count(*) FROM scan AS one JOIN scan AS other ON one.id < other.id AND one.log_from < one.log_to \
         AND other.log_from < other.log_to AND one.log_from < other.log_to AND other.log_from < one.log_to",
    ),
    (
        "a scan was written after a later one of its connection",
        "SELECT count(*) FROM scan AS one JOIN scan AS other USING (connection) WHERE one.id < other.id \
         AND one.log_to > other.log_to AND one.outcome IN ('complete', 'partial') AND other.outcome IN ('complete', 'partial')",
    ),
    (
        "an item was removed twice without having been there in between",
        "SELECT count(*) FROM (SELECT kind, lag(kind) OVER (PARTITION BY item ORDER BY seq) AS before FROM change \
         WHERE kind IN (0, 2, 3)) AS steps WHERE kind = 2 AND before = 2",
    ),
    (
        "a scan has no end, and no scanner scans the connection",
        "SELECT count(*) FROM scan JOIN connection ON connection.id = scan.connection WHERE scan.outcome IS NULL \
         AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.name = 'scan ' || code AND expires > clock_timestamp()) \
         AND EXISTS (SELECT 1 FROM scan AS later WHERE later.connection = scan.connection AND later.id > scan.id)",
    ),
];

impl Group {
    /// What the catalog or the receiver lacks, or has too much; `None` if both have what the sites have.
    pub(super) fn missing(&self) -> Result<Option<String>, Failed> {
        let listed = self
            .reader
            .command(&["catalog", "list", "--format", "ndjson"])?;
        let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut keys = Vec::new();
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        for line in listed.lines() {
            let item: Value = serde_json::from_str(line)?;
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            let key = text("key");
            let code = key.split('/').next().unwrap_or_default().to_owned();
            match text("name").starts_with("sheet-") {
                true => {
                    found
                        .entry(code)
                        .or_default()
                        .insert(text("name"), text("description"));
                    keys.push((key, text("description")));
                }
                false => *others.entry(code).or_default() += 1,
            }
        }
        for (code, site) in CONNECTIONS {
            let expected = &self.sites[site].sheets;
            let found = found.remove(code).unwrap_or_default();
            if found != *expected {
                return Ok(Some(format!(
                    "{code} has {found:?} instead of {expected:?}"
                )));
            }
        }
        let mut counts = others.values();
        let first = counts.next().copied().unwrap_or_default();
        if others.len() != CONNECTIONS.len() || first == 0 || counts.any(|count| *count != first) {
            return Ok(Some(format!(
                "numbers of the sheets that never change: {others:?}"
            )));
        }
        let received = self.receiver.received();
        for (key, description) in &keys {
            if received.sheets.get(key) != Some(&Some(description.clone())) {
                return Ok(Some(format!(
                    "the follower has not received the last change of {key}"
                )));
            }
        }
        let present = received
            .sheets
            .values()
            .filter(|sheet| sheet.is_some())
            .count();
        if present != listed.lines().count() {
            return Ok(Some(format!(
                "the follower has {present} sheets instead of {}",
                listed.lines().count()
            )));
        }
        Ok(None)
    }

    /// Checks everything that must hold at any time.
    pub(super) fn check(&mut self) -> Result<(), Failed> {
        for (meaning, statement) in NEVER {
            let count = self.database.number(statement)?;
            if count != 0 {
                return Err(self.failed(&format!("{meaning}: {count}")));
            }
        }
        let disordered = self.receiver.received().disordered.clone();
        if !disordered.is_empty() {
            return Err(self.failed(&format!(
                "the follower received changes out of order: {disordered:?}"
            )));
        }
        let removed = self.removed_by_mistake()?;
        if !removed.is_empty() {
            return Err(self.failed(&format!("removed although the site has it: {removed:?}")));
        }
        Ok(())
    }

    /// The names of sheets that a scan has removed although their sites never did.
    fn removed_by_mistake(&self) -> Result<Vec<String>, Failed> {
        let statement = "SELECT DISTINCT content::json ->> 'name' FROM change JOIN content USING (item) \
                         JOIN item ON item.id = change.item WHERE kind = 2 AND container_kind IS NULL";
        let gone = self.database.query(statement)?;
        let is_known = |name: &String| self.sites.iter().any(|site| site.removed.contains(name));
        Ok(gone.into_iter().filter(|name| !is_known(name)).collect())
    }
}
