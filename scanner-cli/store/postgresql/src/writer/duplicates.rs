//! Decides which of several records with one key is the item. It depends on the records, not on their order.

use catalog_model::{Instant, Precedence};
use tokio_postgres::Row;

use super::{batch::PRESENT, running::Running};
use crate::error::Result;

/// The records whose keys occur more than once.
const REPEATED: &str = "SELECT ordinal, decision, container_kind IS NOT NULL, standing, modified, source_id, key_print \
     FROM sighting WHERE key_print IN (SELECT key_print FROM sighting GROUP BY key_print HAVING count(*) > 1) \
     ORDER BY key_print, ordinal";

/// A record.
struct Record {
    ordinal: i64,
    is_item: bool,
    is_container: bool,
    precedence: Precedence,
    id: String,
    key: Vec<u8>,
}

impl Record {
    fn new(row: &Row) -> Self {
        let modified: Option<i64> = row.get(4);
        Self {
            ordinal: row.get(0),
            is_item: row.get::<_, i16>(1) == PRESENT,
            is_container: row.get(2),
            precedence: Precedence {
                standing: u8::try_from(row.get::<_, i16>(3)).unwrap_or_default(),
                modified: modified.and_then(|millis| Instant::from_unix_millis(millis).ok()),
            },
            id: row.get(5),
            key: row.get(6),
        }
    }

    fn rank(&self) -> (Precedence, &str) {
        (self.precedence, &self.id)
    }

    /// Whether a later record with the key counts instead. Of records with equal rank, an item counts. A container should
    /// occur only once, and the first one counts.
    fn yields_to(&self, other: &Self) -> bool {
        if self.is_container {
            return false;
        }
        other.precedence.beats(&other.id, self.rank())
            || (!self.precedence.beats(&self.id, other.rank()) && !self.is_item && other.is_item)
    }
}

/// Deletes the rows of the records that do not count.
pub(super) async fn resolve(running: &mut Running) -> Result<()> {
    if running.attempted.rows < 2 {
        return Ok(());
    }
    let rows = running.db.rows(REPEATED, &[]).await?;
    let records: Vec<_> = rows.iter().map(Record::new).collect();
    let mut dropped = Vec::new();
    for group in records.chunk_by(|one, other| one.key == other.key) {
        let Some((first, others)) = group.split_first() else {
            continue;
        };
        let best = others.iter().fold(
            first,
            |best, other| {
                if best.yields_to(other) { other } else { best }
            },
        );
        for record in group.iter().filter(|record| record.ordinal != best.ordinal) {
            dropped.push(record.ordinal);
            if record.is_item && !record.is_container {
                running.attempted.duplicates.add(&best.id, &record.id);
            }
        }
    }
    if dropped.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM sighting WHERE ordinal = ANY($1)";
    running.db.run(sql, &[&dropped]).await.map(drop)
}
