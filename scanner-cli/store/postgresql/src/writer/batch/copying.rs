//! Copies rows to the temporary tables of a scan.

use std::pin::pin;

use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use crate::error::Result;

use super::super::running::Running;

/// A row of the temporary table of observations.
#[derive(Debug)]
pub(crate) struct Row {
    pub(super) ordinal: i64,
    pub(super) id: i64,
    pub(super) is_new: bool,
    pub(super) decision: i16,
    pub(super) container_kind: Option<i32>,
    pub(super) key: Option<String>,
    pub(super) print: [u8; 16],
    pub(super) standing: i16,
    pub(super) modified: Option<i64>,
    pub(super) source_id: String,
    pub(super) action: i16,
    pub(super) new_state: i16,
    pub(super) change_kind: Option<i16>,
    pub(super) fields: Option<String>,
    pub(super) change_values: Option<String>,
    pub(super) fingerprint: Option<[u8; 16]>,
    pub(super) contacts_fingerprint: Option<i64>,
    pub(super) contacts: Option<String>,
    pub(super) content: Option<String>,
    pub(super) texts: Option<String>,
    pub(super) digest: Option<[u8; 16]>,
}

impl Row {
    /// The next row of a scan.
    pub(super) fn new(
        running: &mut Running,
        print: [u8; 16],
        (id, is_new): (i64, bool),
        decision: i16,
    ) -> Self {
        running.attempted.rows += 1;
        Self {
            ordinal: running.attempted.rows,
            id,
            is_new,
            decision,
            container_kind: None,
            key: None,
            print,
            standing: 0,
            modified: None,
            source_id: String::new(),
            action: super::MARK,
            new_state: 0,
            change_kind: None,
            fields: None,
            change_values: None,
            fingerprint: None,
            contacts_fingerprint: None,
            contacts: None,
            content: None,
            texts: None,
            digest: None,
        }
    }
}

const COPY: &str = "COPY sighting (ordinal, id, is_new, decision, container_kind, key, key_print, standing, modified, source_id, \
     action, new_state, change_kind, fields, change_values, fingerprint, contacts_fingerprint, contacts, content, texts, \
     digest) FROM STDIN BINARY";

const TYPES: [Type; 21] = [
    Type::INT8,
    Type::INT8,
    Type::BOOL,
    Type::INT2,
    Type::INT4,
    Type::TEXT,
    Type::BYTEA,
    Type::INT2,
    Type::INT8,
    Type::TEXT,
    Type::INT2,
    Type::INT2,
    Type::INT2,
    Type::TEXT,
    Type::TEXT,
    Type::BYTEA,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::BYTEA,
];

/// Copies rows.
pub(super) async fn copy(running: &Running, rows: Vec<Row>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    running
        .db
        .limited(async {
            let sink = running.db.copy_in(COPY).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
            for row in &rows {
                let print = &row.print[..];
                let fingerprint = row.fingerprint.as_ref().map(|bytes| &bytes[..]);
                let digest = row.digest.as_ref().map(|bytes| &bytes[..]);
                let values: [&(dyn ToSql + Sync); 21] = [
                    &row.ordinal,
                    &row.id,
                    &row.is_new,
                    &row.decision,
                    &row.container_kind,
                    &row.key,
                    &print,
                    &row.standing,
                    &row.modified,
                    &row.source_id,
                    &row.action,
                    &row.new_state,
                    &row.change_kind,
                    &row.fields,
                    &row.change_values,
                    &fingerprint,
                    &row.contacts_fingerprint,
                    &row.contacts,
                    &row.content,
                    &row.texts,
                    &digest,
                ];
                writer.as_mut().write(&values).await?;
            }
            writer.finish().await
        })
        .await
        .map(drop)
}

/// Adds the ids of records that could not be read.
pub(super) async fn add_unreadable(running: &Running, ids: Vec<String>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO unreadable SELECT unnest($1::text[])";
    running.db.run(sql, &[&ids]).await.map(drop)
}

/// Adds long texts, each once.
pub(super) async fn add_texts(running: &mut Running, texts: Vec<(String, String)>) -> Result<()> {
    let (mut hashes, mut bodies) = (Vec::new(), Vec::new());
    for (hash, body) in texts {
        if running.attempted.texts.insert(hash.clone()) {
            hashes.push(hash);
            bodies.push(body);
        }
    }
    if hashes.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO sighted_text SELECT * FROM unnest($1::text[], $2::text[])";
    running.db.run(sql, &[&hashes, &bodies]).await.map(drop)
}
