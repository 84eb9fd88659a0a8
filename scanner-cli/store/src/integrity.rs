//! Checks the integrity of a database: SQLite's own checks, and those of the store.

use rusqlite::{Connection, OptionalExtension};

use super::schema;

/// Maximum number of problems that are listed.
const MAX_PROBLEMS: usize = 20;

/// Tables that keep the number of a scan that was deleted because of its age.
const REFER_TO_OLD_SCANS: [&str; 2] = ["content", "change"];

/// Lists the problems of a database. Fails if the database cannot be read at all.
pub(super) fn problems(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut rows = db.prepare(&format!("PRAGMA integrity_check({MAX_PROBLEMS})"))?;
    let mut found = rows.query([])?;
    while let Some(row) = found.next()? {
        let text: String = row.get(0)?;
        if text != "ok" {
            problems.push(text);
        }
    }
    let mut rows = db.prepare("PRAGMA foreign_key_check")?;
    let mut found = rows.query([])?;
    while let Some(row) = found.next()? {
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
        let (table, id, parent): (String, Option<i64>, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if parent == "scan" && REFER_TO_OLD_SCANS.contains(&table.as_str()) {
            continue;
        }
        let id = id.map_or_else(String::new, |id| format!(" {id}"));
        problems.push(format!(
            "row{id} of table `{table}` refers to a row of `{parent}` that does not exist"
        ));
    }
    if let Some(missing) = missing_table(db)? {
        problems.push(format!("table `{missing}` does not exist"));
    }
    if schema::version(db)? >= schema::WITH_TEXTS {
        let missing: i64 = db.query_row(
            "SELECT count(*) FROM content, json_each(content.texts) WHERE NOT EXISTS \
             (SELECT 1 FROM text JOIN text_body ON text_body.text = text.id WHERE hash = value ->> 1)",
            [],
            |row| row.get(0),
        )?;
        if missing > 0 {
            problems.push(format!("{missing} long texts of items are missing"));
        }
    }
    Ok(problems)
}

/// Finds a table that every version of the store has and that is missing in this database.
pub(super) fn missing_table(db: &Connection) -> rusqlite::Result<Option<&'static str>> {
    const TABLES: [&str; 7] = [
        "connection",
        "scan",
        "item",
        "content",
        "change",
        "follower",
        "forgotten",
    ];
    for table in TABLES {
        if !has_table(db, table)? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

pub(super) fn has_table(db: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let found = db.query_row(sql, [table], |_| Ok(())).optional()?;
    Ok(found.is_some())
}
