//! Loads the digests of a connection's items, so that the scan can recognize records.

use catalog_model::DigestKey;
use catalog_store::backend::{MAX_KNOWN, head};

use super::running::Running;
use crate::{
    error::{DatabaseError, Result},
    values::sixteen,
};

/// Number of digests that are read at once.
const PAGE: i64 = 50_000;

/// Loads the digests, unless they are loaded. `known` are those of all running scans. Returns the key for digests.
pub(super) async fn load(running: &mut Running, known: usize) -> Result<DigestKey> {
    if running.known.is_empty() {
        let max = MAX_KNOWN.saturating_sub(known);
        load_digests(running, max).await?;
    }
    let row = running.db.row("SELECT digest_key FROM store", &[]).await?;
    let key = sixteen(row.get(0));
    let missing = || DatabaseError::Content("the key of digests is not valid".to_owned());
    key.map(DigestKey).ok_or_else(missing)
}

async fn load_digests(running: &mut Running, max: usize) -> Result<()> {
    let sql = "SELECT id, digest FROM item WHERE connection = $1 AND state = 0 AND container_kind IS NULL \
               AND digest IS NOT NULL AND NOT left_out AND id > $2 AND id <= $3 ORDER BY id LIMIT $4";
    let (mut after, mut records) = (0_i64, Vec::new());
    let last = i64::from(u32::MAX);
    while records.len() < max {
        let rows = running
            .db
            .rows(sql, &[&running.connection, &after, &last, &PAGE])
            .await?;
        let Some(row) = rows.last() else {
            running.known_up_to = last;
            break;
        };
        after = row.get(0);
        running.known_up_to = after;
        for row in &rows {
            let number = u32::try_from(row.get::<_, i64>(0)).unwrap_or_default();
            records.extend(sixteen(row.get(1)).map(|digest| head(&digest, number)));
        }
    }
    running.known.fill(records, running.attempt);
    Ok(())
}
