//! Items that came twice in one scan, for the report: of two records with one key the first stays.

use rusqlite::Connection;

use super::upsert::Running;
use crate::spool::{Duplicate, Duplicates};

/// The duplicates of a scan, the first of them with the ids of both records.
pub(super) fn named(db: &Connection, running: &Running) -> rusqlite::Result<Duplicates> {
    let mut kept = db.prepare_cached("SELECT source_id FROM content WHERE item = ?1")?;
    let named = running.twins.first.iter().map(|twin| {
        Ok(Duplicate {
            kept: kept.query_row([twin.item], |row| row.get(0))?,
            dropped: twin.dropped.clone(),
        })
    });
    Ok(Duplicates {
        count: running.twins.count,
        first: named.collect::<rusqlite::Result<_>>()?,
    })
}
