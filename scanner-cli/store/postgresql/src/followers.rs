//! The tables of followers.

use std::sync::Arc;

use catalog_model::{
    FollowerName,
    follower::{Acknowledgement, Delivery, Position},
};
use catalog_store::{
    Cursor, FeedFollower, StoreError, StoreErrorKind,
    backend::{FollowerTables, MAX_REFUSALS},
};
use jiff::Timestamp;
use postgresql_client::Target;
use tokio_postgres::Row;

use crate::{
    connecting::Database,
    error::{Operation, Result},
    forget,
    lease::{Lease, Leases},
    runtime,
    values::{key_print, storable},
    writer::{hold, interrupt},
};

/// The tables, with a session.
pub(crate) struct Followers {
    db: Arc<Database>,
    target: Arc<Target>,
    leases: Leases,
    /// The lease of the follower to which this scanner delivers.
    claimed: Option<Lease>,
}

/// The columns of a position. `$2` is the basis of the follower.
pub(crate) const CURSOR: &str = "SELECT CASE WHEN basis IS NOT DISTINCT FROM $2 THEN cursor END, followed, failures, error, failed, \
     sent, refused, succeeded FROM follower WHERE name = $1";

/// A position is valid only together with the basis. Without a new position the former one is kept if the basis is the same.
const ACKNOWLEDGE: &str = "INSERT INTO follower AS known (name, cursor, followed, basis) \
     VALUES ($1, $2::bigint, CASE WHEN $2::bigint IS NOT NULL THEN $3::bigint END, $4::text) ON CONFLICT (name) DO UPDATE SET \
     cursor = CASE WHEN $2::bigint IS NULL AND known.basis IS NOT DISTINCT FROM $4::text THEN known.cursor ELSE $2::bigint END, \
     followed = CASE WHEN $2::bigint IS NULL THEN known.followed ELSE $3::bigint END, \
     failures = CASE WHEN $2::bigint IS NULL THEN known.failures ELSE 0 END, \
     failed = CASE WHEN $2::bigint IS NULL THEN known.failed END, error = CASE WHEN $2::bigint IS NULL THEN known.error END, basis = $4::text";

/// Records the end of a delivery: without refusals, everything was delivered.
const ENDED: &str = "UPDATE follower SET sent = sent + $2::bigint, refused = $3::bigint, \
     followed = CASE WHEN $2::bigint > 0 THEN $4::bigint ELSE followed END, \
     succeeded = CASE WHEN $3::bigint = 0 THEN $4::bigint ELSE succeeded END, failures = CASE WHEN $3::bigint = 0 THEN 0 ELSE failures END, \
     failed = CASE WHEN $3::bigint > 0 THEN failed END, error = CASE WHEN $3::bigint > 0 THEN error END WHERE name = $1";

const FAILED: &str = "INSERT INTO follower AS known (name, failures, error, failed) VALUES ($1, 1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET failures = known.failures + 1, error = $2, failed = $3";

const NOTE: &str = "INSERT INTO follower_note (follower, key_print, key, note) \
     SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::text[]) \
     ON CONFLICT (follower, key_print) DO UPDATE SET note = excluded.note";

/// Reads the row of [`CURSOR`].
pub(crate) fn cursor_from_row(row: &Row) -> Cursor {
    Cursor {
        reached: row.get(0),
        followed: row.get(1),
        failures: row.get(2),
        error: row.get(3),
        failed: row.get(4),
        sent: row.get(5),
        refused: row.get(6),
        succeeded: row.get(7),
    }
}

impl Followers {
    pub(crate) fn new(db: Database, target: Arc<Target>, leases: Leases) -> Self {
        Self {
            db: Arc::new(db),
            target,
            leases,
            claimed: None,
        }
    }

    /// Runs a part of the work with the session.
    fn with<T: Send + 'static, F>(
        &self,
        operation: Operation,
        work: impl FnOnce(Arc<Database>) -> F,
    ) -> std::result::Result<T, StoreError>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        runtime::run(
            &self.target.address(),
            operation,
            work(Arc::clone(&self.db)),
        )
    }
}

/// Runs statements in a transaction, and undoes it if one fails.
async fn transaction<T>(db: &Database, work: impl Future<Output = Result<T>>) -> Result<T> {
    db.begin().await?;
    match work.await {
        Ok(done) => db.batch("COMMIT").await.map(|()| done),
        Err(error) => {
            // The first error says more.
            let _ = db.batch("ROLLBACK").await;
            Err(error)
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        if let Some(lease) = self.claimed.take() {
            let db = Arc::clone(&self.db);
            // If this fails, it expires.
            let _ = runtime::spawn(async move {
                let _ = lease.release_with(&db).await;
            });
        }
    }
}

impl FollowerTables for Followers {
    fn claim(&mut self, follower: &FollowerName) -> std::result::Result<(), StoreError> {
        let (leases, name) = (self.leases.clone(), follower.to_string());
        let lease = self.with(Operation::Write, |db| async move {
            match leases.take(&db, &format!("follower {name}")).await? {
                Ok(lease) => {
                    db.work_for(lease.lost());
                    Ok(lease)
                }
                Err(holder) => {
                    let message = format!(
                        "cannot be read for the follower `{name}`: `{holder}` delivers to it"
                    );
                    let kind = StoreErrorKind::HeldElsewhere;
                    Err(StoreError::on_server(&leases.address(), kind, &message).into())
                }
            }
        })?;
        self.claimed = Some(lease);
        Ok(())
    }

    fn cursor(&self, follower: &FeedFollower) -> std::result::Result<Cursor, StoreError> {
        let (name, basis) = (follower.name.to_string(), follower.basis());
        self.with(Operation::Read, |db| async move {
            let found = db.optional(CURSOR, &[&name, &basis]).await?;
            Ok(found.as_ref().map(cursor_from_row).unwrap_or_default())
        })
    }

    fn acknowledge(
        &mut self,
        follower: &FeedFollower,
        acknowledgement: &Acknowledgement,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let (name, basis) = (follower.name.to_string(), follower.basis());
        let position = acknowledgement.position.map(Position::get);
        let now = now.as_millisecond();
        let (mut kept, mut forgotten) = (Notes::default(), Vec::new());
        for (key, note) in &acknowledgement.notes {
            let print = key_print(&storable(key)).to_vec();
            match note {
                Some(note) => kept.push(print, key, note),
                None => forgotten.push(print),
            }
        }
        let fence = self.claimed.as_ref().map(Lease::fence);
        self.with(Operation::Write, |db| async move {
            transaction(&db, async {
                if let Some(fence) = fence {
                    fence.check(&db).await?;
                }
                db.run(ACKNOWLEDGE, &[&name, &position, &now, &basis])
                    .await?;
                let Notes {
                    prints,
                    keys,
                    notes,
                } = kept;
                if !keys.is_empty() {
                    db.run(NOTE, &[&name, &prints, &keys, &notes]).await?;
                }
                if !forgotten.is_empty() {
                    let sql =
                        "DELETE FROM follower_note WHERE follower = $1 AND key_print = ANY($2)";
                    db.run(sql, &[&name, &forgotten]).await?;
                }
                Ok(())
            })
            .await
        })
    }

    fn notes(
        &self,
        follower: &FollowerName,
        keys: &[String],
    ) -> std::result::Result<Vec<Option<String>>, StoreError> {
        let name = follower.to_string();
        let prints = keys.iter().map(|key| key_print(&storable(key)).to_vec());
        let prints: Vec<Vec<u8>> = prints.collect();
        self.with(Operation::Read, |db| async move {
            let sql = "SELECT note FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (print, place) \
                       LEFT JOIN follower_note ON follower = $1 AND key_print = print ORDER BY place";
            let rows = db.rows(sql, &[&name, &prints]).await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }

    fn ended(
        &mut self,
        follower: &FollowerName,
        delivery: &Delivery,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let name = follower.to_string();
        let sent: u64 = delivery.delivered.iter().map(|one| one.items).sum();
        let sent = i64::try_from(sent).unwrap_or(i64::MAX);
        let refused = i64::try_from(delivery.refused.len()).unwrap_or(i64::MAX);
        let now = now.as_millisecond();
        let first = delivery.refused.iter().take(MAX_REFUSALS);
        let (keys, messages): (Vec<String>, Vec<String>) = first
            .map(|refusal| {
                let key = storable(refusal.key.as_str()).into_owned();
                (key, storable(&refusal.message).into_owned())
            })
            .unzip();
        self.with(Operation::Write, |db| async move {
            transaction(&db, async {
                db.run(ENDED, &[&name, &sent, &refused, &now]).await?;
                let sql = "DELETE FROM follower_refusal WHERE follower = $1";
                db.run(sql, &[&name]).await?;
                let sql =
                    "INSERT INTO follower_refusal SELECT $1, * FROM unnest($2::text[], $3::text[])";
                db.run(sql, &[&name, &keys, &messages]).await.map(drop)
            })
            .await
        })
    }

    fn failed_with(
        &self,
        follower: &FollowerName,
        error: &str,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let (name, error) = (follower.to_string(), storable(error).into_owned());
        let now = now.as_millisecond();
        self.with(Operation::Write, |db| async move {
            db.run(FAILED, &[&name, &error, &now]).await.map(drop)
        })
    }

    fn open_scans(&self) -> std::result::Result<Vec<String>, StoreError> {
        // Those of scanners that have lost the lease of the connection: the others are running.
        let sql = "SELECT DISTINCT code FROM scan JOIN connection ON connection.id = scan.connection \
                   WHERE scan.outcome IS NULL AND NOT EXISTS (SELECT 1 FROM lease \
                   WHERE lease.name = 'scan ' || code AND expires > clock_timestamp())";
        self.with(Operation::Read, |db| async move {
            let rows = db.rows(sql, &[]).await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }

    fn interrupted(&self, code: &str) -> std::result::Result<(), StoreError> {
        let (code, leases) = (code.to_owned(), self.leases.clone());
        self.with(Operation::Write, |db| async move {
            // Another scanner may have begun one in the meantime.
            let Ok(lease) = hold(&db, &leases, &code).await else {
                return Ok(());
            };
            let sql = "SELECT id FROM connection WHERE code = $1";
            let interrupted = match db.optional(sql, &[&code]).await? {
                Some(row) => {
                    let interrupted = async {
                        interrupt(&db, row.get(0)).await?;
                        lease.fence().check(&db).await
                    };
                    transaction(&db, interrupted).await
                }
                None => Ok(()),
            };
            // Otherwise it expires.
            let _ = lease.release_with(&db).await;
            interrupted
        })
    }

    fn remove_all(&mut self, code: &str, now: Timestamp) -> std::result::Result<(), StoreError> {
        let (code, now) = (code.to_owned(), now.as_millisecond());
        let leases = self.leases.clone();
        self.with(Operation::Write, |db| async move {
            let lease = hold(&db, &leases, &code).await?;
            let removed = async {
                forget::remove_all(&db, &code, now).await?;
                lease.fence().check(&db).await
            };
            let removed = transaction(&db, removed).await;
            // Otherwise it expires.
            let _ = lease.release_with(&db).await;
            removed
        })
    }
}

/// Notes that are written together.
#[derive(Default)]
struct Notes {
    prints: Vec<Vec<u8>>,
    keys: Vec<String>,
    notes: Vec<String>,
}

impl Notes {
    fn push(&mut self, print: Vec<u8>, key: &str, note: &str) {
        self.prints.push(print);
        self.keys.push(storable(key).into_owned());
        self.notes.push(storable(note).into_owned());
    }
}
