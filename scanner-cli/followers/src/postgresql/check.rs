//! The check of a database: each stage on the way to its tables, and whether they could be written.

use std::time::{Duration, Instant};

use catalog_model::{Stage, Verdict, follower::Example};

use outbound_http::{Stage as Connecting, Step};
use postgresql_client::{
    Encryption, Failure, Problem, RIGHTS, Session, Target, Way, WayEnd, quoted, written,
};

use super::schema::{CURRENT, Found, OLDEST_SERVER, find, may_not_create, newer};
use crate::remote::check::{MAPPING, PROXY, StageError, Stages, TLS, WAY};

mod mapping;

const LOGIN: &str = "login";
const SERVER: &str = "server and version";
const PERMISSIONS: &str = "permissions";
const SCHEMA: &str = "schema";

/// All stages, in the order in which they are passed. PostgreSQL says its version after a login only.
pub(super) const STAGES: [&str; 9] = [
    WAY[0],
    WAY[1],
    WAY[2],
    WAY[3],
    LOGIN,
    SERVER,
    PERMISSIONS,
    SCHEMA,
    MAPPING,
];

/// Connects to the database, and tests what the scanner may do there.
pub(super) async fn check(target: &Target, example: Option<&Example>) -> Vec<Stage> {
    let mut stages = Stages::default();
    match Way::take(target).await {
        Ok(way) => go(way, (target, example), &mut stages).await,
        // The system's certificates are missing.
        Err(problem) => stages.push(failed(TLS, &problem, Duration::ZERO)),
    }
    stages.all(&STAGES)
}

async fn go(way: Way, (target, example): (&Target, Option<&Example>), stages: &mut Stages) {
    way.steps.iter().for_each(|step| stages.add_step(step));
    let is_connected = |step: &Step| step.stage == Connecting::Connect && step.seen.is_ok();
    if target.proxy.is_none() && way.steps.iter().any(is_connected) {
        stages.push(Stage::ok(PROXY, "not set", Duration::ZERO));
    }
    stages.add_warnings(&target.trust_warnings, &way.weaknesses);
    let (took, login) = match way.end {
        WayEnd::Step => return,
        WayEnd::NoTls(problem) => return stages.push(failed(TLS, &problem, Duration::ZERO)),
        WayEnd::Login(took, login) => (took, login),
    };
    if let Some(stage) = without_tls(target.encryption) {
        stages.push(stage);
    }
    match *login {
        Ok(session) => {
            let seen = format!("as {} to the database {}", target.user, target.database);
            stages.push(Stage::ok(LOGIN, seen, took));
            inside(&session, (target, example), stages).await;
            session.close().await;
        }
        Err(problem) => stages.push(failed(LOGIN, &problem, took)),
    }
}

/// The stages after the login.
async fn inside(
    session: &Session,
    (target, example): (&Target, Option<&Example>),
    stages: &mut Stages,
) {
    let begun = Instant::now();
    match server(session).await {
        Ok(stage) => stages.push(Stage {
            took: begun.elapsed(),
            ..stage
        }),
        Err(failure) => stages.push(failed(SERVER, &problem_of(failure), begun.elapsed())),
    }
    if stages.has_failed() {
        return;
    }
    let begun = Instant::now();
    let found = match find(session, &target.schema).await {
        Ok(found) => found,
        Err(failure) => {
            stages.push(failed(PERMISSIONS, &problem_of(failure), begun.elapsed()));
            return;
        }
    };
    match permissions(session, target, found).await {
        Ok(seen) => stages.push(Stage::ok(PERMISSIONS, seen, begun.elapsed())),
        Err(failure) => {
            stages.push(failed(PERMISSIONS, &problem_of(failure), begun.elapsed()));
            return;
        }
    }
    stages.push(schema(target, found));
    let mapped = mapping::seen(session, (&target.schema, found), example);
    stages.then(MAPPING, mapped).await;
}

async fn server(session: &Session) -> Result<Stage, Failure> {
    let ask =
        "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
        current_setting('server_encoding')";
    let row = session.query_one(ask, &[]).await?;
    let (number, version, encoding): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
    let stage = Stage::ok(SERVER, format!("PostgreSQL {version}"), Duration::ZERO);
    if number < OLDEST_SERVER {
        let hint = format!("PostgreSQL {} or later is needed", OLDEST_SERVER / 10_000);
        return Ok(stage.but(Verdict::Failed, hint));
    }
    if encoding != "UTF8" {
        let seen = format!("{}; the encoding of the database is {encoding}", stage.seen);
        let hint = "items with characters that the database cannot store are refused: use a database with the encoding UTF8";
        return Ok(Stage { seen, ..stage }.but(Verdict::Warning, hint.to_owned()));
    }
    Ok(stage)
}

/// Tests what the scanner may do, without leaving anything behind.
async fn permissions(
    session: &Session,
    target: &Target,
    found: Found,
) -> Result<&'static str, Failure> {
    let schema = &target.schema;
    match found {
        Found::Nothing => {
            let may = "SELECT has_database_privilege(current_database(), 'CREATE')";
            let may = session.query_one(may, &[]).await?;
            match may.get(0) {
                true => Ok("may create the schema"),
                false => Err(may_not_create(schema, &target.user).into()),
            }
        }
        Found::Version(version) if version > CURRENT => {
            Ok("not tested, because the schema is newer")
        }
        Found::Version(CURRENT) => {
            probe(session, schema).await?;
            Ok("may write: a row was written and rolled back")
        }
        Found::Empty | Found::Version(_) => {
            let may = "SELECT has_schema_privilege($1, 'CREATE')";
            match session.query_one(may, &[schema]).await?.get(0) {
                true => Ok("may create tables"),
                false => {
                    let role = &target.user;
                    let message =
                        format!("the role `{role}` may not create tables in the schema `{schema}`");
                    let hint = format!(
                        "let the database administrator run `GRANT USAGE, CREATE ON SCHEMA {} TO {}`",
                        written(schema),
                        written(role)
                    );
                    Err(Problem::new(message, "", None).advise(hint).into())
                }
            }
        }
    }
}

/// Writes a row to each table that deliveries write, and rolls back.
async fn probe(session: &Session, schema: &str) -> Result<(), Failure> {
    const PROBE: &str = "
        INSERT INTO connections (code, name) VALUES ('check of scanner-cli', '') ON CONFLICT DO NOTHING;
        UPDATE connections SET name = name WHERE code = 'check of scanner-cli';
        INSERT INTO containers (key, kind, id, connection, state, first_seen)
        VALUES ('check of scanner-cli', 'app', '', 'check of scanner-cli', 'gone', now());
        INSERT INTO items (id, key, type, label, name, connection, state, first_seen)
        VALUES ('', 'check of scanner-cli', 'visualization', '', '', 'check of scanner-cli', 'gone', now());
        UPDATE items SET name = 'changed' WHERE key = 'check of scanner-cli';
        DELETE FROM refused WHERE connection = 'check of scanner-cli'";
    session.begin(schema).await?;
    session.batch(PROBE).await?;
    let may = format!(
        "SELECT has_table_privilege('{}.changes', 'INSERT')",
        quoted(schema).replace('\'', "''")
    );
    let may = session.query_one(&may, &[]).await?;
    if !may.get::<_, bool>(0) {
        let message = "the role in `url` may not write the table `changes`";
        return Err(Problem::new(message, "", Some(RIGHTS)).into());
    }
    session.roll_back().await
}

fn schema(target: &Target, found: Found) -> Stage {
    let name = &target.schema;
    let seen = match found {
        Found::Nothing => format!("`{name}` does not exist; the first delivery creates it"),
        Found::Empty => format!("`{name}` is empty; the first delivery creates the tables"),
        Found::Version(version) if version > CURRENT => {
            return failed(SCHEMA, &newer(name, version), Duration::ZERO);
        }
        Found::Version(CURRENT) => format!("`{name}` has version {CURRENT}"),
        Found::Version(version) => {
            format!("`{name}` has version {version}; the next delivery migrates it to {CURRENT}")
        }
    };
    Stage::ok(SCHEMA, seen, Duration::ZERO)
}

/// The stage of a connection that does not use TLS.
fn without_tls(encryption: Encryption) -> Option<Stage> {
    match encryption {
        Encryption::Tls => None,
        Encryption::Local => {
            let seen = "not used, because the server is on this machine";
            Some(Stage::ok(TLS, seen, Duration::ZERO))
        }
        Encryption::Disabled => {
            let seen = "disabled: the password and all items can be read in transit";
            let hint = "remove `tls.disabled`, and let the database administrator set `ssl = on`";
            let stage = Stage::ok(TLS, seen, Duration::ZERO);
            Some(stage.but(Verdict::Warning, hint.to_owned()))
        }
    }
}

fn failed(name: &'static str, problem: &Problem, took: Duration) -> Stage {
    Stage::ok(name, problem.line(), took).but(Verdict::Failed, problem.hint.clone())
}

impl From<Failure> for StageError {
    fn from(failure: Failure) -> Self {
        let problem = problem_of(failure);
        Self {
            message: problem.line(),
            hint: problem.hint,
        }
    }
}

fn problem_of(failure: Failure) -> Problem {
    match failure {
        Failure::Database(problem) => problem,
        Failure::Data(text) => Problem::new("the database refuses a row", text, None),
        Failure::Feed(error) => Problem::new(error.to_string(), "", None),
    }
}
