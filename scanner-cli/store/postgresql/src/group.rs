//! The group of scanners that share the store: who works, and who may scan which connection.
//!
//! Each scanner reports regularly, in one transaction at a time for all of them. In it, it renews the leases of its
//! connections, gives up those that should be another scanner's, and takes those that are free and should be its own.
//! What should be whose is computed from the tables, so that all scanners come to the same result.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use catalog_store::fleet::{Duties, ScanProgress, ScannerReport};
use postgresql_client::Target;
use tokio::{sync::Mutex, time::timeout};

use crate::{
    connecting::Database,
    error::{DatabaseError, Result},
    lease::Leases,
    schema,
    values::storable,
};

mod spread;
mod state;

pub(crate) use state::fleet;

use spread::{Candidates, spread};

/// The part of this scanner.
pub(crate) struct Group {
    target: Arc<Target>,
    id: Arc<str>,
    /// The duration of the leases.
    duration: Duration,
    /// Kept open: a server that is busy may take long to accept another one.
    session: Mutex<Option<Database>>,
}

/// Reports in the duration of a lease: a few may be lost.
const REPORTS: u32 = 4;
/// How long scanners are shown that no longer report, in hours.
const REMEMBERED: i32 = 24;

/// The names of leases of connections begin with it.
pub(crate) const CONNECTION: &str = "connection ";
/// The names of leases of scans begin with it.
pub(crate) const SCAN: &str = "scan ";

const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('scanner-cli group ' || current_schema(), 0))";

const REGISTER: &str = "INSERT INTO scanner AS known (id, name, host, version, started, reported, expires, overdue) \
     VALUES ($1, $2, $3, $4, clock_timestamp() - make_interval(secs => $5), clock_timestamp(), \
     clock_timestamp() + make_interval(secs => $6), make_interval(secs => $7)) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, version = excluded.version, \
     reported = excluded.reported, expires = excluded.expires, overdue = excluded.overdue";

/// Forgets scanners of long ago, and those that this one replaces.
const FORGET: &str = "DELETE FROM scanner WHERE id <> $1 AND expires <= clock_timestamp() \
     AND (expires <= clock_timestamp() - make_interval(hours => $4) OR (name = $2 AND host = $3))";

const ADD_FILES: &str = "INSERT INTO scanner_connection AS known (scanner, code, file, digest) \
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) ON CONFLICT (scanner, code) DO UPDATE \
     SET file = excluded.file, digest = excluded.digest \
     WHERE known.file <> excluded.file OR known.digest <> excluded.digest";

const CANDIDATES: &str = "SELECT code, scanner, digest FROM scanner_connection JOIN scanner ON scanner.id = scanner \
     WHERE expires > clock_timestamp()";

/// The leases that have not expired.
const LEASES: &str = "SELECT name, holder FROM lease WHERE expires > clock_timestamp() \
     AND (name LIKE 'connection %' OR name LIKE 'scan %')";

/// Takes or renews leases. A new holder has a greater token.
const TAKE: &str = "INSERT INTO lease AS known (name, holder, token, expires) \
     SELECT 'connection ' || code, $1, 1, clock_timestamp() + make_interval(secs => $3) FROM unnest($2::text[]) AS code \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires, \
     token = known.token + (known.holder <> excluded.holder)::integer";

const GIVE_UP: &str = "UPDATE lease SET expires = clock_timestamp() WHERE holder = $1 AND expires > clock_timestamp() \
     AND name LIKE 'connection %' AND name <> ALL ($2::text[])";

const NOTE: &str = "INSERT INTO schedule AS known (code, digest, started, retry, retry_at) \
     SELECT code, digest, clock_timestamp() - make_interval(secs => since), retry, \
     clock_timestamp() + make_interval(secs => until) \
     FROM unnest($1::text[], $2::text[], $3::float8[], $4::integer[], $5::float8[]) AS new (code, digest, since, retry, until) \
     ON CONFLICT (code) DO UPDATE SET digest = excluded.digest, started = excluded.started, retry = excluded.retry, \
     retry_at = excluded.retry_at";

const SCHEDULES: &str = "SELECT code, digest, extract(epoch FROM clock_timestamp() - started)::float8, retry, \
     extract(epoch FROM retry_at - clock_timestamp())::float8 FROM schedule WHERE code = ANY ($1)";

impl Group {
    pub(crate) fn new(target: Arc<Target>, leases: &Leases) -> Self {
        Self {
            target,
            id: leases.holder(),
            duration: leases.duration(),
            session: Mutex::default(),
        }
    }

    /// Reports, and returns what the scanner may do. A session that does not answer is given up.
    pub(crate) async fn report(&self, report: ScannerReport) -> Result<Duties> {
        let limit = self.duration / REPORTS;
        let connections = self.with_session(limit, async |db| {
            db.begin_within(limit).await?;
            let duties = self.report_with(db, &report).await?;
            db.batch("COMMIT").await?;
            Ok(duties)
        });
        Ok(Duties {
            connections: connections.await?,
            valid_for: self.duration,
            next_report: limit,
        })
    }

    /// Removes the scanner, and expires its leases.
    pub(crate) async fn leave(&self) -> Result<()> {
        let limit = self.duration / REPORTS;
        self.with_session(limit, async |db| {
            db.begin_within(limit).await?;
            db.run(LOCK, &[]).await?;
            let none: Vec<String> = Vec::new();
            db.run(GIVE_UP, &[&&*self.id, &none]).await?;
            let sql = "DELETE FROM scanner WHERE id = $1";
            db.run(sql, &[&&*self.id]).await?;
            db.batch("COMMIT").await
        })
        .await
    }

    async fn with_session<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&Database) -> Result<T>,
    ) -> Result<T> {
        let mut session = self.session.lock().await;
        let done = timeout(limit, async {
            let db = match session.take() {
                Some(db) => db,
                None => {
                    let db = Database::open(&self.target).await?;
                    schema::migrate(&db, &self.target).await?;
                    db
                }
            };
            let done = work(&db).await?;
            Ok((db, done))
        });
        match done.await {
            Ok(Ok((db, done))) => {
                *session = Some(db);
                Ok(done)
            }
            // The transaction ends with its session.
            Ok(Err(error)) => Err(error),
            Err(_) => Err(DatabaseError::Late),
        }
    }

    async fn report_with(
        &self,
        db: &Database,
        report: &ScannerReport,
    ) -> Result<Vec<(String, Option<ScanProgress>)>> {
        db.run(LOCK, &[]).await?;
        self.register(db, report).await?;
        let candidates = candidates(db).await?;
        let Held {
            connections: held,
            scans,
        } = held(db).await?;
        // A scan that is about to take its lease is only in the report.
        let begun = report.connections.iter().filter(|one| one.is_scanning);
        let begun: BTreeSet<&str> = begun.map(|one| one.code.as_str()).collect();
        let busy = scans
            .keys()
            .map(String::as_str)
            .chain(begun.iter().copied());
        let busy = busy.map(str::to_owned).collect();
        let wanted = spread(&candidates, &held, &busy);
        let id = &*self.id;
        let scanned_by_others = |code: &String| scans.get(code).is_some_and(|by| by != id);
        let mine: BTreeSet<String> = (candidates.iter())
            .filter(|(_, scanners)| scanners.contains_key(id))
            .map(|(code, _)| code.clone())
            .filter(|code| match held.get(code).map(String::as_str) {
                Some(holder) if holder == id => {
                    wanted.get(code).is_some_and(|by| by == id)
                        || begun.contains(code.as_str())
                        || scans.get(code).is_some_and(|by| by == id)
                }
                Some(_) => false,
                None => wanted.get(code).is_some_and(|by| by == id) && !scanned_by_others(code),
            })
            .collect();
        let codes: Vec<&str> = mine.iter().map(String::as_str).collect();
        let names: Vec<_> = codes
            .iter()
            .map(|code| format!("{CONNECTION}{code}"))
            .collect();
        db.run(GIVE_UP, &[&id, &names]).await?;
        db.run(TAKE, &[&id, &codes, &self.duration.as_secs_f64()])
            .await?;
        note(db, report, &mine, &held, id).await?;
        let mut schedules = schedules(db, &codes).await?;
        let known = |code: String| {
            let progress = schedules.remove(&code);
            (code, progress)
        };
        Ok(mine.into_iter().map(known).collect())
    }

    async fn register(&self, db: &Database, report: &ScannerReport) -> Result<()> {
        let (name, host) = (storable(&report.name), storable(&report.host));
        let (running, overdue) = (report.running.as_secs_f64(), report.overdue.as_secs_f64());
        let (id, duration) = (&*self.id, self.duration.as_secs_f64());
        db.run(
            REGISTER,
            &[
                &id,
                &name,
                &host,
                &report.version,
                &running,
                &duration,
                &overdue,
            ],
        )
        .await?;
        db.run(FORGET, &[&id, &name, &host, &REMEMBERED]).await?;
        let all = report.connections.iter();
        let codes: Vec<&str> = all.clone().map(|one| one.code.as_str()).collect();
        let files: Vec<_> = all.clone().map(|one| storable(&one.file)).collect();
        let digests: Vec<&str> = all.map(|one| one.digest.as_str()).collect();
        let sql = "DELETE FROM scanner_connection WHERE scanner = $1 AND code <> ALL ($2)";
        db.run(sql, &[&id, &codes]).await?;
        db.run(ADD_FILES, &[&id, &codes, &files, &digests]).await?;
        Ok(())
    }
}

/// The scanners that have a file of each connection, with the digests.
async fn candidates(db: &Database) -> Result<Candidates> {
    let mut candidates = Candidates::new();
    for row in db.rows(CANDIDATES, &[]).await? {
        let of_it = candidates.entry(row.get(0)).or_default();
        of_it.insert(row.get(1), row.get(2));
    }
    Ok(candidates)
}

/// The holders of leases, by code.
#[derive(Default)]
struct Held {
    connections: BTreeMap<String, String>,
    scans: BTreeMap<String, String>,
}

async fn held(db: &Database) -> Result<Held> {
    let mut held = Held::default();
    for row in db.rows(LEASES, &[]).await? {
        let (name, holder): (String, String) = (row.get(0), row.get(1));
        if let Some(code) = name.strip_prefix(CONNECTION) {
            held.connections.insert(code.to_owned(), holder);
        } else if let Some(code) = name.strip_prefix(SCAN) {
            held.scans.insert(code.to_owned(), holder);
        }
    }
    Ok(held)
}

/// Writes what is known of the connections that the scanner has had before this report.
async fn note(
    db: &Database,
    report: &ScannerReport,
    mine: &BTreeSet<String>,
    held: &BTreeMap<String, String>,
    id: &str,
) -> Result<()> {
    let was_mine = |code: &String| mine.contains(code) && held.get(code).is_some_and(|by| by == id);
    let known = report.connections.iter().filter(|one| was_mine(&one.code));
    let known = known.filter_map(|one| Some((one.code.as_str(), one.progress.as_ref()?)));
    let (mut codes, mut digests, mut since) = (Vec::new(), Vec::new(), Vec::new());
    let (mut retries, mut until) = (Vec::new(), Vec::new());
    for (code, progress) in known {
        codes.push(code);
        digests.push(progress.digest.as_str());
        since.push(progress.since_start.as_secs_f64());
        let retry = progress.retry;
        retries.push(retry.map(|(number, _)| i32::try_from(number).unwrap_or(i32::MAX)));
        until.push(retry.map(|(_, until)| until.as_secs_f64()));
    }
    if codes.is_empty() {
        return Ok(());
    }
    db.run(NOTE, &[&codes, &digests, &since, &retries, &until])
        .await
        .map(drop)
}

async fn schedules(db: &Database, codes: &[&str]) -> Result<BTreeMap<String, ScanProgress>> {
    let rows = db.rows(SCHEDULES, &[&codes]).await?;
    let period = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let schedules = rows.iter().map(|row| {
        let number: Option<i32> = row.get(3);
        let number = number.and_then(|number| u32::try_from(number).ok());
        let until = row.get::<_, Option<f64>>(4).map(period);
        let progress = ScanProgress {
            digest: row.get(1),
            since_start: period(row.get(2)),
            retry: number.zip(until),
        };
        (row.get(0), progress)
    });
    Ok(schedules.collect())
}
