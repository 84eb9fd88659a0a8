//! Changes, scans, followers and fields as rows.

use catalog_model::FollowerName;
use scan_engine::delivery::next_retry;
use serde::Serialize;
use serde_json::Value;

use crate::{
    export_line::label,
    listing::{Fit, ListError, Row, TableColumn, find_field, instant, moment, text},
    store::{Catalog, Change, Cursor, StoredScan},
};

#[derive(Serialize)]
pub(super) struct ChangeRow {
    /// No change of another store has it.
    id: String,
    seq: i64,
    time: String,
    scan: i64,
    connection: String,
    change: &'static str,
    key: String,
    /// The label that the item has now, or had last.
    label: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<String>,
    #[serde(skip)]
    moment: String,
}

impl ChangeRow {
    /// # Errors
    /// If the label of the item cannot be read.
    pub(super) fn new(change: Change, catalog: &Catalog) -> Result<Self, ListError> {
        Ok(Self {
            label: label(&catalog.label(&change.key)?),
            id: catalog.global_id(change.seq),
            seq: change.seq,
            time: instant(change.time),
            moment: moment(change.time),
            scan: change.scan,
            connection: change.connection,
            change: change.kind.word(),
            key: change.key,
            fields: change.fields,
        })
    }
}

impl Row for ChangeRow {
    const TABLE: &'static [TableColumn] = &[
        ("label", "LABEL", Fit::CutMiddle),
        ("time", "TIME", Fit::Whole),
        ("scan", "SCAN", Fit::Whole),
        ("change", "CHANGE", Fit::Whole),
        ("fields", "FIELDS", Fit::CutEnd),
        ("key", "KEY", Fit::CutMiddle),
    ];
    const SPARE: &'static [&'static str] = &["fields", "scan", "time", "change"];
    const COLUMNS: &'static [&'static str] = &[
        "seq",
        "time",
        "scan",
        "connection",
        "change",
        "key",
        "fields",
        "id",
        "label",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.label.clone(),
            self.moment.clone(),
            self.scan.to_string(),
            self.change.to_owned(),
            self.fields.join(", "),
            self.key.clone(),
        ]
    }
}

#[derive(Serialize)]
pub(super) struct ScanRow {
    /// No scan of another store has it.
    id: String,
    scan: i64,
    connection: String,
    started: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    outcome: String,
    items: i64,
    added: i64,
    changed: i64,
    removed: i64,
    returned: i64,
    unreadable: i64,
    excluded: i64,
    bytes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(skip)]
    moment: String,
}

impl ScanRow {
    pub(super) fn of(scan: StoredScan, catalog: &Catalog) -> Self {
        Self {
            id: catalog.global_id(scan.id),
            scan: scan.id,
            connection: scan.connection,
            started: instant(scan.started),
            moment: moment(scan.started),
            ended: scan.ended.map(instant),
            outcome: scan.outcome.unwrap_or_else(|| "unfinished".to_owned()),
            items: scan.counts.seen,
            added: scan.counts.added,
            changed: scan.counts.changed,
            removed: scan.counts.removed,
            returned: scan.counts.returned,
            unreadable: scan.counts.unreadable,
            excluded: scan.counts.excluded,
            bytes: scan.bytes,
            site_version: scan.site_version,
            reasons: scan.reasons,
        }
    }
}

impl Row for ScanRow {
    const TABLE: &'static [TableColumn] = &[
        ("scan", "SCAN", Fit::Whole),
        ("connection", "CONNECTION", Fit::Whole),
        ("started", "STARTED", Fit::Whole),
        ("outcome", "OUTCOME", Fit::Whole),
        ("items", "ITEMS", Fit::Whole),
        ("added", "ADDED", Fit::Whole),
        ("changed", "CHANGED", Fit::Whole),
        ("removed", "REMOVED", Fit::Whole),
        ("returned", "RETURNED", Fit::Whole),
        ("excluded", "EXCLUDED", Fit::Whole),
        ("reasons", "REASONS", Fit::Wrap),
    ];
    const SPARE: &'static [&'static str] = &[
        "excluded", "returned", "removed", "changed", "added", "started", "items",
    ];
    const COLUMNS: &'static [&'static str] = &[
        "scan",
        "connection",
        "started",
        "ended",
        "outcome",
        "items",
        "added",
        "changed",
        "removed",
        "returned",
        "unreadable",
        "excluded",
        "bytes",
        "site_version",
        "reasons",
        "id",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.scan.to_string(),
            self.connection.clone(),
            self.moment.clone(),
            self.outcome.clone(),
            self.items.to_string(),
            self.added.to_string(),
            self.changed.to_string(),
            self.removed.to_string(),
            self.returned.to_string(),
            self.excluded.to_string(),
            self.reasons.join("; "),
        ]
    }
}

#[derive(Serialize)]
pub(super) struct FollowerRow {
    follower: String,
    /// The last change that it has delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    /// Number of changes that it has not delivered yet; not set before it has delivered all items.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    followed: Option<String>,
    failures: i64,
    /// When the service retries it, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_retry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl FollowerRow {
    pub(super) fn of(name: &FollowerName, cursor: Cursor, last: i64) -> Self {
        Self {
            follower: name.to_string(),
            position: cursor.reached,
            next_retry: next_retry(&cursor).map(instant),
            behind: cursor.reached.map(|reached| (last - reached).max(0)),
            followed: cursor.followed.map(instant),
            failures: cursor.failures,
            error: cursor.error,
        }
    }
}

impl Row for FollowerRow {
    const TABLE: &'static [TableColumn] = &[
        ("follower", "FOLLOWER", Fit::CutMiddle),
        ("behind", "BEHIND", Fit::Whole),
        ("followed", "LAST DELIVERED", Fit::Whole),
        ("failures", "FAILURES", Fit::Whole),
        ("next_retry", "NEXT RETRY", Fit::Whole),
        ("error", "ERROR", Fit::Wrap),
    ];
    const SPARE: &'static [&'static str] = &["next_retry", "failures", "followed"];
    const COLUMNS: &'static [&'static str] = &[
        "follower",
        "position",
        "behind",
        "followed",
        "failures",
        "next_retry",
        "error",
    ];

    fn cells(&self) -> Vec<String> {
        let behind = self.behind.map(|behind| behind.to_string());
        vec![
            self.follower.clone(),
            behind.unwrap_or_else(|| "new".to_owned()),
            self.followed.clone().unwrap_or_else(|| "never".to_owned()),
            self.failures.to_string(),
            self.next_retry.clone().unwrap_or_default(),
            self.error.clone().unwrap_or_default(),
        ]
    }
}

/// A field of one item, for the table that shows it.
#[derive(Clone, Serialize)]
pub(super) struct FieldRow {
    field: String,
    value: String,
}

impl Row for FieldRow {
    const TABLE: &'static [TableColumn] = &[
        ("field", "FIELD", Fit::Whole),
        ("value", "VALUE", Fit::Wrap),
    ];
    const SPARE: &'static [&'static str] = &[];
    const COLUMNS: &'static [&'static str] = &["field", "value"];

    fn cells(&self) -> Vec<String> {
        vec![self.field.clone(), self.value.clone()]
    }
}

/// All fields of an item, in the order of its columns.
pub(super) fn fields<R: Row>(row: &R) -> Result<Vec<FieldRow>, ListError> {
    let json = serde_json::to_value(row).map_err(std::io::Error::from)?;
    let Value::Object(mut fields) = json else {
        return Ok(Vec::new());
    };
    let first = R::COLUMNS
        .iter()
        .filter_map(|name| fields.remove_entry(*name));
    let first: Vec<_> = first.collect();
    let all = first.into_iter().chain(fields);
    let rows = all.map(|(field, value)| FieldRow {
        field,
        value: text(&value),
    });
    Ok(rows.collect())
}

/// The fields with these names, in their order. An item need not have each field that others have, named in `more`.
pub(super) fn chosen<R: Row>(
    fields: Vec<FieldRow>,
    names: &[String],
    more: &[String],
) -> Result<Vec<FieldRow>, ListError> {
    let has = fields.iter().map(|row| row.field.as_str());
    let known = has.chain(R::COLUMNS.iter().copied()).map(str::to_owned);
    let known: Vec<_> = known.chain(more.iter().cloned()).collect();
    let mut chosen = Vec::new();
    for name in names {
        let name = find_field(name, &known)?;
        chosen.extend(fields.iter().filter(|row| row.field == name).cloned());
    }
    Ok(chosen)
}
