//! What the service takes over from an earlier process.

use catalog_model::ConnectionCode;
use jiff::Timestamp;

use super::{
    read_state,
    table::{EarlierState, Table},
};
use crate::{
    home::Home,
    store::{Catalog, LastScan, Store, StoreError, StoreLimits},
    tracked_files::Fingerprint,
};

/// Reads what an earlier process recorded. Connections that were scanned and have not changed since wait for their next
/// scheduled time.
pub(super) fn restore_state(
    table: &mut Table,
    home: &Home,
    limits: StoreLimits,
) -> Result<(), StoreError> {
    let state = read_state(&home.status()).unwrap_or_default();
    for connection in state.connections {
        let Some(code) = connection
            .code
            .and_then(|code| ConnectionCode::new(&code).ok())
        else {
            continue;
        };
        let next = connection.next_scan.and_then(|next| next.parse().ok());
        let known = EarlierState {
            fingerprint: Some(Fingerprint(connection.fingerprint)),
            last: None,
            retry: connection.retry.zip(next),
        };
        table.earlier.insert(code.to_string(), known);
        if let Some(file) = connection.file {
            table.earlier_codes.insert(home.path(&file), code);
        }
    }
    if !home.store().exists() {
        return Ok(());
    }
    // This upgrades a store of an older version.
    drop(Store::open(home.store(), limits)?);
    let Some(catalog) = Catalog::open(home.store())? else {
        return Ok(());
    };
    for scan in catalog.last_scans(LastScan::Any)? {
        let ended = scan.outcome.is_some_and(|outcome| outcome != "interrupted");
        if ended && let Ok(started) = Timestamp::from_millisecond(scan.started) {
            table.earlier.entry(scan.connection).or_default().last = Some(started);
        }
    }
    Ok(())
}
