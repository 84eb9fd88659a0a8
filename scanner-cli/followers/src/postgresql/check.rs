//! The check of a database: each stage on the way to its tables, and whether they could be written.

use std::time::{Duration, Instant};

use catalog_model::{Stage, Verdict};
use outbound_http::{Stage as StepStage, Step};

use super::{
    error::{Failure, Problem},
    schema::{CURRENT, Found, NO_SCHEMA, OLDEST_SERVER, find, newer, quoted},
    session::{Session, Way, WayEnd},
    settings::{Encryption, Target},
};

const NAME_RESOLUTION: &str = "name resolution";
const TCP: &str = "tcp";
const PROXY: &str = "proxy";
const TLS: &str = "tls";
const LOGIN: &str = "login";
const SERVER: &str = "server and version";
const PERMISSIONS: &str = "permissions";
const SCHEMA: &str = "schema";

/// All stages, in the order in which they are passed. PostgreSQL says its version after a login only.
pub(super) const STAGES: [&str; 8] = [
    NAME_RESOLUTION,
    TCP,
    PROXY,
    TLS,
    LOGIN,
    SERVER,
    PERMISSIONS,
    SCHEMA,
];

/// Walks to the database, and tests what the scanner may do there.
pub(super) async fn check(target: &Target) -> Vec<Stage> {
    let mut stages = stages(target).await;
    for name in STAGES {
        if stages.iter().all(|stage| stage.name != name) {
            stages.push(Stage::not_reached(name));
        }
    }
    stages.sort_by_key(|stage| STAGES.iter().position(|name| *name == stage.name));
    stages
}

async fn stages(target: &Target) -> Vec<Stage> {
    let way = match Way::take(target).await {
        Ok(way) => way,
        // The system's certificates are missing.
        Err(problem) => return vec![failed(TLS, &problem, Duration::ZERO)],
    };
    let mut stages: Vec<_> = way.steps.iter().map(stage_of).collect();
    merge_proxy(&mut stages);
    warn_of_trust(&mut stages, target);
    if target.proxy.is_none() && passed(&stages, TCP) {
        stages.push(Stage::ok(PROXY, "not set", Duration::ZERO));
    }
    let (took, login) = match way.end {
        WayEnd::Step => return stages,
        WayEnd::NoTls(problem) => {
            stages.push(failed(TLS, &problem, Duration::ZERO));
            return stages;
        }
        WayEnd::Login(took, login) => (took, login),
    };
    stages.extend(without_tls(target.encryption));
    let session = match *login {
        Ok(session) => session,
        Err(problem) => {
            stages.push(failed(LOGIN, &problem, took));
            return stages;
        }
    };
    stages.push(Stage::ok(
        LOGIN,
        format!("as {} to the database {}", target.user, target.database),
        took,
    ));
    inside(&session, target, &mut stages).await;
    session.close().await;
    stages
}

/// Adds what is odd about the trust store to the stage of TLS.
fn warn_of_trust(stages: &mut [Stage], target: &Target) {
    let mut stages = stages.iter_mut();
    let (Some(first), Some(stage)) = (
        target.trust_warnings.first(),
        stages.find(|stage| stage.name == TLS),
    ) else {
        return;
    };
    for warning in &target.trust_warnings {
        stage.seen = format!("{}; {}", stage.seen, warning.message);
    }
    if stage.verdict == Verdict::Ok {
        stage.verdict = Verdict::Warning;
        stage.hint = first.hint.clone();
    }
}

/// The stages after the login.
async fn inside(session: &Session, target: &Target, stages: &mut Vec<Stage>) {
    let begun = Instant::now();
    match server(session).await {
        Ok(stage) => stages.push(Stage {
            took: begun.elapsed(),
            ..stage
        }),
        Err(failure) => stages.push(failed(SERVER, &problem_of(failure), begun.elapsed())),
    }
    if stages.iter().any(|stage| stage.verdict == Verdict::Failed) {
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
                false => {
                    let message = format!(
                        "the schema `{schema}` does not exist, and the scanner may not create it"
                    );
                    Err(Problem::new(message, "", Some(NO_SCHEMA)).into())
                }
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
                    let message =
                        format!("the scanner may not create tables in the schema `{schema}`");
                    let hint =
                        "let the database administrator run `GRANT USAGE, CREATE ON SCHEMA … TO …`";
                    Err(Problem::new(message, "", Some(hint)).into())
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
        let message = "the scanner may not write the table `changes`";
        let hint = "grant the rights that docs/catalogs/postgresql.md lists";
        return Err(Problem::new(message, "", Some(hint)).into());
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

fn stage_of(step: &Step) -> Stage {
    let name = match step.stage {
        StepStage::Resolve => NAME_RESOLUTION,
        StepStage::Connect => TCP,
        StepStage::ProxyTls | StepStage::Tunnel => PROXY,
        _ => TLS,
    };
    match &step.seen {
        Ok(seen) => Stage::ok(name, seen.to_string(), step.took),
        Err(error) => {
            let problem = Problem::new(catalog_model::with_causes(error), "", None);
            let hint = error.hint().map(str::to_owned);
            Stage {
                hint,
                ..failed(name, &problem, step.took)
            }
        }
    }
}

/// TLS with the proxy and the way through it are one stage.
fn merge_proxy(stages: &mut Vec<Stage>) {
    let Some(first) = stages.iter().position(|stage| stage.name == PROXY) else {
        return;
    };
    if stages.get(first + 1).is_some_and(|next| next.name == PROXY) {
        let next = stages.remove(first + 1);
        let known = &mut stages[first];
        *known = Stage {
            took: known.took + next.took,
            seen: format!("{}; {}", known.seen, next.seen),
            ..next
        };
    }
}

fn passed(stages: &[Stage], name: &str) -> bool {
    let mut stages = stages.iter();
    stages.any(|stage| stage.name == name && stage.verdict != Verdict::Failed)
}

fn failed(name: &'static str, problem: &Problem, took: Duration) -> Stage {
    Stage::ok(name, problem.line(), took).but(Verdict::Failed, problem.hint.clone())
}

fn problem_of(failure: Failure) -> Problem {
    match failure {
        Failure::Database(problem) => problem,
        Failure::Data(text) => Problem::new("the database refuses a row", text, None),
        Failure::Feed(error) => Problem::new(error.to_string(), "", None),
    }
}
