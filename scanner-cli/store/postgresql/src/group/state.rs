//! The state of the group, for people.

use std::{collections::BTreeMap, time::Duration};

use catalog_store::fleet::{Assignment, Fleet, FleetConnection, FleetScanner};

use super::{Held, held};
use crate::{connecting::Database, error::Result};

const SCANNERS: &str = "SELECT id, name, host, version, extract(epoch FROM clock_timestamp() - started)::float8, \
     extract(epoch FROM clock_timestamp() - reported)::float8, expires > clock_timestamp(), \
     extract(epoch FROM overdue)::float8 FROM scanner ORDER BY name, host, id";

const FILES: &str = "SELECT code, scanner, file, digest FROM scanner_connection";

/// A file of a scanner.
struct File {
    scanner: String,
    file: String,
    digest: String,
}

/// Reads the state of all scanners.
pub(crate) async fn fleet(db: &Database) -> Result<Fleet> {
    db.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let period = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let rows = db.rows(SCANNERS, &[]).await?;
    let mut scanners: Vec<_> = rows
        .iter()
        .map(|row| FleetScanner {
            id: row.get(0),
            name: row.get(1),
            host: row.get(2),
            version: row.get(3),
            running: period(row.get(4)),
            since_report: period(row.get(5)),
            is_alive: row.get(6),
            overdue: period(row.get(7)),
            connections: Vec::new(),
        })
        .collect();
    let mut files: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for row in db.rows(FILES, &[]).await? {
        let file = File {
            scanner: row.get(1),
            file: row.get(2),
            digest: row.get(3),
        };
        files.entry(row.get(0)).or_default().push(file);
    }
    let held = held(db).await?;
    db.batch("COMMIT").await?;
    for (code, holder) in &held.connections {
        let mut all = scanners.iter_mut();
        if let Some(scanner) = all.find(|scanner| scanner.id == *holder) {
            scanner.connections.push(code.clone());
        }
    }
    let connections = files.into_iter().map(|(code, files)| FleetConnection {
        state: assignment(&code, &files, &held, &scanners),
        code,
    });
    let connections = connections.collect();
    Ok(Fleet {
        scanners,
        connections,
    })
}

fn assignment(code: &str, files: &[File], held: &Held, scanners: &[FleetScanner]) -> Assignment {
    let scanner = |id: &str| scanners.iter().find(|scanner| scanner.id == id);
    let alive = |file: &&File| scanner(&file.scanner).is_some_and(|scanner| scanner.is_alive);
    let files: Vec<_> = files.iter().filter(alive).collect();
    let name = |id: &str| scanner(id).map_or_else(|| id.to_owned(), |known| known.name.clone());
    let differ = files
        .first()
        .is_some_and(|first| files.iter().any(|file| file.digest != first.digest));
    if differ {
        let files = files.iter();
        let files = files.map(|one| (name(&one.scanner), one.file.clone()));
        return Assignment::Differs {
            files: files.collect(),
        };
    }
    match held.connections.get(code) {
        Some(holder) => Assignment::Held {
            scanner: name(holder),
            is_scanning: held.scans.contains_key(code),
        },
        None if files.is_empty() => Assignment::Unattended,
        None => Assignment::Free,
    }
}
