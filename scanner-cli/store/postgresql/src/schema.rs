//! The schema: its creation and its migrations.
//!
//! Programs of two versions use a store side by side during an upgrade. A migration therefore only adds: what the former
//! version does not need is removed by a later one.

use postgresql_client::{Target, quoted, written};
use tokio_postgres::error::SqlState;

use catalog_store::{StoreError, StoreErrorKind};

use crate::{
    connecting::Database,
    error::{DatabaseError, Result},
};

/// The migrations, in their order. A released one never changes.
const MIGRATIONS: [&str; 3] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
];

/// The version of the schema that this program writes.
pub(crate) const CURRENT: i32 = MIGRATIONS.len() as i32;

/// The oldest server that has everything that the schema needs, as `server_version_num` counts.
pub(crate) const OLDEST_SERVER: i32 = 130_000;

/// How often a migration is repeated that the server ended because of another transaction.
const REPETITIONS: usize = 5;

/// The table of versions, made before the first migration. `oldest` is the first version of the program's schema that can still
/// use the tables.
const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS schema_version (
    version integer PRIMARY KEY,
    oldest  integer NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
)";

/// What is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No store: no schema, or an empty one.
    Nothing,
    /// A store of an earlier version.
    Older,
    /// A store that this program can use.
    Usable,
}

/// Looks for the store.
pub(crate) async fn find(db: &Database, target: &Target) -> Result<Found> {
    let version = "SELECT to_regclass($1) IS NOT NULL";
    let table = format!("{}.schema_version", quoted(&target.schema));
    if !db.row(version, &[&table]).await?.get::<_, bool>(0) {
        return Ok(Found::Nothing);
    }
    let (version, oldest) = version_of(db).await?;
    match version {
        0 => Ok(Found::Nothing),
        version if version < CURRENT => Ok(Found::Older),
        _ if oldest > CURRENT => Err(newer(target, version).into()),
        _ => Ok(Found::Usable),
    }
}

/// Whether there is a store. One of an earlier version is an error: only a scan migrates it.
pub(crate) async fn is_there(db: &Database, target: &Target) -> Result<bool> {
    match find(db, target).await? {
        Found::Nothing => Ok(false),
        Found::Usable => Ok(true),
        Found::Older => {
            let message = "is of an older version";
            let error = StoreError::on_server(&target.address(), StoreErrorKind::Older, message);
            Err(error.into())
        }
    }
}

async fn version_of(db: &Database) -> Result<(i32, i32)> {
    let sql = "SELECT coalesce(max(version), 0), coalesce(max(oldest), 0) FROM schema_version";
    let row = db.row(sql, &[]).await?;
    Ok((row.get(0), row.get(1)))
}

/// Creates the schema, or brings it up to date. One program does it at a time.
pub(crate) async fn migrate(db: &Database, target: &Target) -> Result<()> {
    if find(db, target).await? == Found::Usable {
        return Ok(());
    }
    refuse_old_server(db, target).await?;
    create(db, target).await?;
    for _ in 0..REPETITIONS {
        match apply(db, target).await {
            // Scanners of the former version use the tables in the meantime.
            Err(error) if error.is_conflict() => db.batch("ROLLBACK").await?,
            applied => return applied,
        }
    }
    apply(db, target).await
}

/// Applies the migrations that are missing, in one transaction.
async fn apply(db: &Database, target: &Target) -> Result<()> {
    db.begin().await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    let name = format!("scanner-cli store {}", target.schema);
    db.run(lock, &[&name]).await?;
    db.batch(VERSIONS).await?;
    let (version, oldest) = version_of(db).await?;
    if oldest > CURRENT {
        db.batch("ROLLBACK").await?;
        return Err(newer(target, version).into());
    }
    let migrations = MIGRATIONS.iter().zip(1..);
    for (migration, next) in migrations.filter(|(_, next)| *next > version) {
        db.batch(migration).await?;
        let applied = "INSERT INTO schema_version (version, oldest) VALUES ($1, 1)";
        db.run(applied, &[&next]).await?;
    }
    db.batch("COMMIT").await
}

async fn create(db: &Database, target: &Target) -> Result<()> {
    let schema = quoted(&target.schema);
    let sql = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
    // Not if it exists: that would need the right to create schemas.
    let known = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
    if db.optional(known, &[&target.schema]).await?.is_some() {
        return Ok(());
    }
    match db.batch(&sql).await {
        Err(DatabaseError::Driver(error))
            if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
        {
            let role = written(&target.user);
            let message = format!(
                "cannot be created: `{}` may not create the schema `{}`",
                target.user, target.schema
            );
            let hint = format!(
                "let the database administrator run `CREATE SCHEMA {} AUTHORIZATION {role}`",
                written(&target.schema)
            );
            let kind = StoreErrorKind::NotWritable;
            let error = StoreError::on_server(&target.address(), kind, &message);
            Err(error.with_hint(hint).into())
        }
        // Another scanner was faster.
        Err(DatabaseError::Driver(error))
            if [
                Some(&SqlState::DUPLICATE_SCHEMA),
                Some(&SqlState::UNIQUE_VIOLATION),
            ]
            .contains(&error.code()) =>
        {
            Ok(())
        }
        created => created,
    }
}

async fn refuse_old_server(db: &Database, target: &Target) -> Result<()> {
    let sql = "SELECT current_setting('server_version_num')::integer";
    let version: i32 = db.row(sql, &[]).await?.get(0);
    if version >= OLDEST_SERVER {
        return Ok(());
    }
    let message = format!(
        "cannot be created: the server has version {}, and a store needs version {}",
        version / 10_000,
        OLDEST_SERVER / 10_000
    );
    let error = StoreError::on_server(&target.address(), StoreErrorKind::Other, &message);
    Err(error.into())
}

fn newer(target: &Target, found: i32) -> StoreError {
    let message =
        format!("has version {found}, but this program supports versions up to {CURRENT}");
    StoreError::on_server(&target.address(), StoreErrorKind::Newer, &message)
}
