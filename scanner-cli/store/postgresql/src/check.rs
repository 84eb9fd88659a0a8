//! The check of a store: each stage on the way to its tables, and what may be done there.

use std::{
    io,
    time::{Duration, Instant},
};

use catalog_model::{Stage, Verdict};
use postgresql_client::{Encryption, Problem, Session, Target, written};

use crate::{
    connecting::Database,
    error::{DatabaseError, Result},
    schema::{self, Found},
};

const SERVER: &str = "server";
const LOGIN: &str = "login";
const VERSION: &str = "version";
const PERMISSIONS: &str = "permissions";
const SCHEMA: &str = "schema";

/// All stages, in their order.
const STAGES: [&str; 5] = [SERVER, LOGIN, VERSION, PERMISSIONS, SCHEMA];

/// The tables that a scanner writes.
const WRITTEN: &str = "SELECT coalesce(string_agg(relname, ', '), '') FROM pg_catalog.pg_class \
     WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND relkind = 'r' \
     AND relname <> 'schema_version' AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
     AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))";

/// Connects to the database, and tests what the scanner may do there.
pub(crate) async fn check(target: &Target) -> Vec<Stage> {
    let mut stages = vec![server(target)];
    let begun = Instant::now();
    match Session::open(target).await {
        Err(problem) => stages.push(failed(LOGIN, &problem, begun.elapsed())),
        Ok(session) => {
            session.close().await;
            let seen = format!("as {} to the database {}", target.user, target.database);
            stages.push(Stage::ok(LOGIN, seen, begun.elapsed()));
            if let Err(stage) = inside(target, &mut stages).await {
                stages.push(stage);
            }
        }
    }
    let reached: Vec<_> = stages.iter().map(|stage| stage.name).collect();
    let rest = STAGES.iter().filter(|name| !reached.contains(name));
    stages.extend(rest.map(|name| Stage::not_reached(name)));
    stages
}

/// The stage of a check that could not begin.
pub(crate) fn no_thread(error: &io::Error) -> Stage {
    Stage::ok(SERVER, error.to_string(), Duration::ZERO).but(Verdict::Failed, None)
}

/// Where the server is, and whether the way to it is encrypted.
fn server(target: &Target) -> Stage {
    let hosts = target.hosts.iter();
    let hosts: Vec<_> = hosts.map(|at| format!("{}:{}", at.host, at.port)).collect();
    let hosts = hosts.join(", ");
    let stage = |seen: String| Stage::ok(SERVER, seen, Duration::ZERO);
    match target.encryption {
        Encryption::Tls => stage(format!("{hosts}, with TLS")),
        Encryption::Local => stage(format!("{hosts}, on this machine")),
        Encryption::Disabled => {
            let hint =
                "remove `store.tls.disabled`, and let the database administrator set `ssl = on`";
            stage(format!(
                "{hosts}, without TLS: the password and all items can be read in transit"
            ))
            .but(Verdict::Warning, hint.to_owned())
        }
    }
}

/// The stages after the login. The error is the stage that failed.
async fn inside(target: &Target, stages: &mut Vec<Stage>) -> std::result::Result<(), Stage> {
    let begun = Instant::now();
    let at = |name: &'static str, begun: Instant| {
        move |error: DatabaseError| failed(name, &problem_of(error), begun.elapsed())
    };
    let db = Database::open(target).await.map_err(at(VERSION, begun))?;
    stages.push(version(&db).await.map_err(at(VERSION, begun))?);
    if stages.iter().any(|stage| stage.verdict == Verdict::Failed) {
        return Ok(());
    }
    let begun = Instant::now();
    let found = schema::find(&db, target).await.map_err(at(SCHEMA, begun))?;
    let seen = async {
        let seen = permissions(&db, target, found).await?;
        may_use_temporary_tables(&db, target).await.map(|()| seen)
    };
    let seen = seen.await;
    let seen = seen.map_err(at(PERMISSIONS, begun))?;
    stages.push(Stage::ok(PERMISSIONS, seen, begun.elapsed()));
    stages.push(Stage::ok(SCHEMA, described(target, found), Duration::ZERO));
    db.close().await;
    Ok(())
}

async fn version(db: &Database) -> Result<Stage> {
    let sql = "SELECT current_setting('server_version_num')::integer, current_setting('server_version'), \
               current_setting('server_encoding')";
    let row = db.row(sql, &[]).await?;
    let (number, version, encoding): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
    let stage = Stage::ok(VERSION, format!("PostgreSQL {version}"), Duration::ZERO);
    if number < schema::OLDEST_SERVER {
        let hint = format!(
            "PostgreSQL {} or later is needed",
            schema::OLDEST_SERVER / 10_000
        );
        return Ok(stage.but(Verdict::Failed, hint));
    }
    if encoding == "UTF8" {
        return Ok(stage);
    }
    let seen = format!("{}; the encoding of the database is {encoding}", stage.seen);
    let hint = "a store needs a database with the encoding UTF8".to_owned();
    Ok(Stage { seen, ..stage }.but(Verdict::Failed, hint))
}

/// Tests what the scanner may do, by asking the server.
async fn permissions(db: &Database, target: &Target, found: Found) -> Result<&'static str> {
    let role = written(&target.user);
    let schema = written(&target.schema);
    let known = "SELECT has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace WHERE nspname = $1";
    let may_create = match db.optional(known, &[&target.schema]).await? {
        Some(row) => row.get(0),
        None => {
            let sql = "SELECT has_database_privilege(current_database(), 'CREATE')";
            db.row(sql, &[]).await?.get::<_, bool>(0)
        }
    };
    if found == Found::Usable {
        let missing: String = db.row(WRITTEN, &[&target.schema]).await?.get(0);
        if missing.is_empty() {
            return Ok("may read and write the tables");
        }
        let message = format!("the role may not write {missing}");
        let hint = format!(
            "let the owner of the tables run `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}`"
        );
        return Err(Problem::new(message, "", None).advise(hint).into());
    }
    if may_create {
        return Ok("may create the schema and its tables");
    }
    let message = format!("the role may not create the schema {schema} and its tables");
    let hint =
        format!("let the database administrator run `CREATE SCHEMA {schema} AUTHORIZATION {role}`");
    Err(Problem::new(message, "", None).advise(hint).into())
}

/// Each scan uses temporary tables. Databases without this right for everyone are usual where rights are few.
async fn may_use_temporary_tables(db: &Database, target: &Target) -> Result<()> {
    let sql = "SELECT has_database_privilege(current_database(), 'TEMPORARY')";
    if db.row(sql, &[]).await?.get(0) {
        return Ok(());
    }
    let message = "the role may not create temporary tables, which each scan needs".to_owned();
    let hint = format!(
        "let the database administrator run `GRANT TEMPORARY ON DATABASE {} TO {}`",
        written(&target.database),
        written(&target.user)
    );
    Err(Problem::new(message, "", None).advise(hint).into())
}

fn described(target: &Target, found: Found) -> String {
    let schema = &target.schema;
    match found {
        Found::Nothing => format!("`{schema}` has no store; the first scan creates it"),
        Found::Older => format!(
            "`{schema}` has an older version; the next scan migrates it to {}",
            schema::CURRENT
        ),
        Found::Usable => format!(
            "`{schema}` can be used with version {} of this program",
            schema::CURRENT
        ),
    }
}

fn problem_of(error: DatabaseError) -> Problem {
    match error {
        DatabaseError::Problem(problem) => problem,
        error => {
            let error = error.of_store("", crate::error::Operation::Read);
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let hint = error.hint().map(str::to_owned);
            let message = cause.unwrap_or_else(|| error.to_string());
            Problem {
                hint,
                ..Problem::new(message, "", None)
            }
        }
    }
}

fn failed(name: &'static str, problem: &Problem, took: Duration) -> Stage {
    Stage::ok(name, problem.line(), took).but(Verdict::Failed, problem.hint.clone())
}
