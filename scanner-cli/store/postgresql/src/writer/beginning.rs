//! The beginning of a scan, and scans that have no end.

use std::{collections::HashMap, sync::Arc};

use catalog_model::Checkpoint;
use catalog_store::{
    Beginning, StoreError, StoreErrorKind,
    backend::{KnownRecords, checkpoint_at},
};
use postgresql_client::Target;

use super::running::{Attempt, Running, TABLES};
use crate::{
    connecting::Database,
    error::Result,
    lease::{Lease, Leases},
    schema,
    values::{list, storable},
};

/// Takes the lease of a connection.
///
/// # Errors
/// If another scanner has it.
pub(crate) async fn hold(db: &Database, leases: &Leases, code: &str) -> Result<Lease> {
    match leases.take(db, &format!("scan {code}")).await? {
        Ok(lease) => Ok(lease),
        Err(holder) => {
            let message = format!(
                "is not written: the scanner `{holder}` is scanning the connection `{code}`"
            );
            let kind = StoreErrorKind::HeldElsewhere;
            Err(StoreError::on_server(&leases.address(), kind, &message).into())
        }
    }
}

/// Begins a scan. Earlier scans of the connection that have no end are recorded as interrupted: their scanners have lost the
/// lease.
pub(super) async fn begin(
    target: &Arc<Target>,
    leases: &Leases,
    beginning: &Beginning,
) -> Result<(Running, Option<Checkpoint>)> {
    let db = Database::open(target).await?;
    schema::migrate(&db, target).await?;
    let code = beginning.code.as_str();
    let lease = hold(&db, leases, code).await?;
    db.work_for(lease.lost());
    db.batch(TABLES).await?;
    db.begin().await?;
    let begun = begin_with(&db, beginning).await?;
    // It may have expired while this scanner was paused. The scan of another one must go on.
    lease.fence().check(&db).await?;
    db.batch("COMMIT").await?;
    let Begun {
        connection,
        scan,
        is_empty,
        full_read,
        checkpoint,
    } = begun;
    let running = Running {
        db,
        lease,
        scan,
        connection,
        attempt: 1,
        time: beginning.time.as_millisecond(),
        is_empty,
        full_read,
        attempted: Attempt::default(),
        free_ids: Vec::new(),
        kinds: HashMap::new(),
        known: Arc::new(KnownRecords::default()),
        known_up_to: 0,
    };
    Ok((running, checkpoint))
}

struct Begun {
    connection: i64,
    scan: i64,
    is_empty: bool,
    full_read: Option<i64>,
    checkpoint: Option<Checkpoint>,
}

async fn begin_with(db: &Database, beginning: &Beginning) -> Result<Begun> {
    let parts = serde_json::json!(beginning.key_parts).to_string();
    let (code, name) = (beginning.code.as_str(), storable(&beginning.name));
    let sql = "INSERT INTO connection (code, name, key_parts) VALUES ($1, $2, $3) \
               ON CONFLICT (code) DO UPDATE SET name = $2, key_parts = $3 RETURNING id";
    let connection: i64 = db.row(sql, &[&code, &name, &parts]).await?.get(0);
    interrupt(db, connection).await?;
    let time = beginning.time.as_millisecond();
    let sql = "INSERT INTO scan (connection, started) VALUES ($1, $2) RETURNING id";
    let scan = db.row(sql, &[&connection, &time]).await?.get(0);
    let sql = "SELECT full_read, state FROM checkpoint WHERE connection = $1";
    let found = db.optional(sql, &[&connection]).await?;
    let found = found.map(|row| (row.get::<_, i64>(0), row.get::<_, Vec<u8>>(1)));
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM item WHERE connection = $1)";
    let is_empty = db.row(sql, &[&connection]).await?.get(0);
    Ok(Begun {
        connection,
        scan,
        is_empty,
        full_read: found.as_ref().map(|(full_read, _)| *full_read),
        checkpoint: found.map(|(full_read, state)| checkpoint_at(time, full_read, state)),
    })
}

/// Records a scan that could not be written as failed, unless another one has begun.
pub(super) async fn fail(
    target: &Target,
    (scan, connection): (i64, i64),
    (time, reason): (i64, String),
) -> Result<()> {
    let db = Database::open(target).await?;
    let (reason, reasons) = (storable(&reason).into_owned(), list(&[reason]));
    let sql = "UPDATE scan SET outcome = 'failed', ended = $2, reasons = $3, log_from = log.last, log_to = log.last \
               FROM log WHERE id = $1 AND outcome IS NULL";
    if db.run(sql, &[&scan, &time, &reasons]).await? > 0 {
        let sql = "UPDATE connection SET outcome = 'failed', error = $2 WHERE id = $1";
        db.run(sql, &[&connection, &reason]).await?;
    }
    db.close().await;
    Ok(())
}

/// Records a scan as interrupted, unless it has an end. Another scan of the connection may be running.
pub(super) async fn interrupt_scan(db: &Database, (scan, connection): (i64, i64)) -> Result<()> {
    let sql = "UPDATE scan SET outcome = 'interrupted', log_from = log.last, log_to = log.last FROM log \
               WHERE id = $1 AND outcome IS NULL";
    if db.run(sql, &[&scan]).await? > 0 {
        let sql = "UPDATE connection SET outcome = 'interrupted', error = NULL WHERE id = $1";
        db.run(sql, &[&connection]).await?;
    }
    Ok(())
}

/// Records the scans of a connection that have no end as interrupted. They have written nothing.
pub(crate) async fn interrupt(db: &Database, connection: i64) -> Result<()> {
    let sql = "UPDATE scan SET outcome = 'interrupted', log_from = log.last, log_to = log.last FROM log \
               WHERE connection = $1 AND outcome IS NULL";
    if db.run(sql, &[&connection]).await? > 0 {
        let sql = "UPDATE connection SET outcome = 'interrupted', error = NULL WHERE id = $1";
        db.run(sql, &[&connection]).await?;
    }
    Ok(())
}
