//! Items that came twice in one scan, for the report: of two records with one key the first stays.

use rusqlite::Connection;

use super::{stored_item::StoredItem, upsert::Running};
use crate::{export_line::ExportLine, spool::Duplicate};

pub(super) type Duplicates = Vec<Duplicate>;

/// The duplicates of a scan, with the ids of both records.
pub(super) fn named(db: &Connection, running: &Running) -> rusqlite::Result<Duplicates> {
    if running.twins.is_empty() {
        return Ok(Vec::new());
    }
    let parts: String = db.query_row(
        "SELECT key_parts FROM connection WHERE id = ?1",
        [running.connection],
        |row| row.get(0),
    )?;
    let parts: Vec<String> = serde_json::from_str(&parts).unwrap_or_default();
    let mut kept = db.prepare("SELECT source_id FROM content WHERE item = ?1")?;
    let mut duplicates = Vec::new();
    for twin in &running.twins {
        let dropped = &twin.dropped;
        let contacts = dropped
            .contacts
            .as_ref()
            .map(|contacts| contacts.json.as_str());
        // The text was made a moment ago; were it not readable, the line would be missing in the report, no more.
        let line = StoredItem::read(&dropped.content, contacts).and_then(|item| {
            serde_json::to_string(&ExportLine {
                key: &dropped.key,
                item: &item,
                parts: &parts,
            })
        });
        duplicates.push(Duplicate {
            line: line.unwrap_or_default(),
            kept: kept.query_row([twin.item], |row| row.get(0))?,
            dropped: dropped.source_id.clone(),
        });
    }
    Ok(duplicates)
}
