//! Long texts of items, which are stored once each.

use std::collections::HashMap;

use catalog_store::backend::places;
use tokio_postgres::Row;

use crate::{connecting::Database, error::Result};

/// Reads the long texts of items. A column says which.
pub(crate) async fn long_texts(
    db: &Database,
    rows: &[Row],
    column: usize,
) -> Result<HashMap<String, String>> {
    let mut hashes = Vec::new();
    for row in rows {
        hashes.extend(places(row.get(column)).into_iter().map(|(_, hash)| hash));
    }
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT hash, body FROM long_text WHERE hash = ANY($1)";
    let found = db.rows(sql, &[&hashes]).await?;
    Ok(found.iter().map(|row| (row.get(0), row.get(1))).collect())
}
