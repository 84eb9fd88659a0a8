//! The schema: its migrations, and what a session finds there.

use tokio_postgres::error::SqlState;

use postgresql_client::{Failure, Problem, Session, quoted, with_values, written};

use super::database::{Database, Tables};

/// The migrations, in their order. A released one never changes.
const MIGRATIONS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// The version of the schema that this program writes.
pub(super) const CURRENT: i32 = MIGRATIONS.len() as i32;

/// The oldest server that has everything that the schema needs, as `server_version_num` counts.
pub(super) const OLDEST_SERVER: i32 = 120_000;

/// The table of versions, made before the first migration.
const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS schema_version (
    version integer PRIMARY KEY,
    applied timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_version IS 'The versions of this schema, which the scanner migrates';
COMMENT ON COLUMN schema_version.version IS 'The number of a migration; the greatest one is the version';
COMMENT ON COLUMN schema_version.applied IS 'When it was applied';";

const APPLIED: &str = "INSERT INTO schema_version (version) VALUES ($1)";

/// What is in the database under the name of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No such schema.
    Nothing,
    /// An empty schema, such as an administrator creates.
    Empty,
    /// This version of it.
    Version(i32),
}

/// Looks for the schema.
pub(super) async fn find(session: &Session, schema: &str) -> Result<Found, Failure> {
    let known = "SELECT has_schema_privilege(oid, 'USAGE'), pg_get_userbyid(nspowner)::text, current_user::text \
                 FROM pg_catalog.pg_namespace WHERE nspname = $1";
    let known = session.query(known, &[&schema]).await?;
    let Some(known) = known.first() else {
        return Ok(Found::Nothing);
    };
    if !known.get::<_, bool>(0) {
        return Err(not_usable(schema, known.get(1), known.get(2)).into());
    }
    let version = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname = 'schema_version'";
    let has_versions = session.query(version, &[&schema]).await?;
    if has_versions.is_empty() {
        return Ok(Found::Empty);
    }
    let version = format!(
        "SELECT coalesce(max(version), 0) FROM {}.schema_version",
        quoted(schema)
    );
    let version = session.query_one(&version, &[]).await?;
    Ok(Found::Version(version.get(0)))
}

/// Creates the schema or brings it up to date.
pub(super) async fn migrate(session: &Session, schema: &str) -> Result<(), Failure> {
    let found = find(session, schema).await?;
    if found == Found::Version(CURRENT) {
        return Ok(());
    }
    if found == Found::Nothing {
        let created = session.batch(&creation(schema)).await;
        if let Err(failure) = created {
            return Err(not_created(failure, session, schema).await);
        }
    }
    loop {
        session.begin(schema).await?;
        // One scanner migrates at a time.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        let text = format!("scanner-cli schema {schema}");
        session.execute(lock, &[&text]).await?;
        session.batch(VERSIONS).await?;
        let version = "SELECT coalesce(max(version), 0) FROM schema_version";
        let version = session.query_one(version, &[]).await?;
        let version: i32 = version.get(0);
        if version > CURRENT {
            return Err(newer(schema, version).into());
        }
        let Some((migration, next)) = migrations_after(version).next() else {
            return session.commit().await;
        };
        session.batch(migration).await?;
        session.execute(APPLIED, &[&next]).await?;
        session.commit().await?;
    }
}

/// Records what [`migrate`] would do, and finds out whether the tables can be read.
pub(super) async fn plan_migration(database: &mut Database) -> Result<(), Failure> {
    let schema = database.schema.clone();
    let found = match database.tables {
        Tables::Readable => find(database.session()?, &schema).await?,
        Tables::Missing => Found::Nothing,
        Tables::Unknown => Found::Version(CURRENT),
    };
    let version = match found {
        Found::Nothing | Found::Empty => 0,
        Found::Version(version) => version,
    };
    if version > CURRENT {
        return Err(newer(&schema, version).into());
    }
    if version == 0 {
        database.tables = Tables::Missing;
    }
    let Some(recording) = &database.recording else {
        return Ok(());
    };
    if found == Found::Nothing {
        recording.add_alone(format!("schema {schema}"), &creation(&schema));
    }
    for (migration, next) in migrations_after(version) {
        recording.add("schema_version", VERSIONS, 0);
        recording.add(format!("version {next} of the schema"), migration, 0);
        let applied = with_values(APPLIED, &[&next]);
        recording.add("schema_version", &applied, 1);
        recording.commit();
    }
    Ok(())
}

fn creation(schema: &str) -> String {
    format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema))
}

/// The migrations after a version, with the versions that they lead to.
fn migrations_after(version: i32) -> impl Iterator<Item = (&'static str, i32)> {
    let all = MIGRATIONS.into_iter().zip(1..);
    all.filter(move |(_, next)| *next > version)
}

/// The problem of a schema that a later program has made.
pub(super) fn newer(schema: &str, version: i32) -> Problem {
    let message = format!(
        "the schema `{schema}` has version {version}, but this program knows only versions up to {CURRENT}"
    );
    let hint = "a newer scanner writes to this schema: update this one, or set another `schema`";
    Problem::new(message, "", Some(hint)).finally()
}

/// The problem of a role that may not create the schema.
pub(super) fn may_not_create(schema: &str, role: &str) -> Problem {
    let message = format!("the role `{role}` may not create the schema `{schema}`");
    let hint = format!(
        "let the database administrator run `CREATE SCHEMA {} AUTHORIZATION {}`",
        written(schema),
        written(role)
    );
    Problem::new(message, "", None).advise(hint).finally()
}

/// The problem of a role that may not use the schema of another one.
fn not_usable(schema: &str, owner: &str, role: &str) -> Problem {
    let message =
        format!("the role `{role}` may not use the schema `{schema}`, which belongs to `{owner}`");
    let hint = format!("connect as `{owner}`, or set another `schema`");
    Problem::new(message, "", None).advise(hint).finally()
}

async fn not_created(failure: Failure, session: &Session, schema: &str) -> Failure {
    let Failure::Database(problem) = &failure else {
        return failure;
    };
    let code = SqlState::INSUFFICIENT_PRIVILEGE;
    if !problem.cause.contains(code.code()) {
        return failure;
    }
    match session.query_one("SELECT current_user::text", &[]).await {
        Ok(row) => may_not_create(schema, row.get(0)).into(),
        Err(_) => failure,
    }
}
