//! How the records of the store look in tables.

use crate::{
    records::{
        ChangeRecord, ContainerRecord, FollowerCondition, FollowerRecord, ItemRecord, OwnerRecord,
        Record, ScanRecord,
    },
    shown_time::second,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    csv_cell::cell_text,
    export_line::label,
    field_names::find_field,
    listing::{Fit, ListError, Row, TableColumn},
};

impl Row for ItemRecord {
    const TABLE: &'static [TableColumn] = &[
        ("label", "LABEL", Fit::CutMiddle),
        ("state", "STATE", Fit::Whole),
        ("last_seen", "LAST SEEN", Fit::Whole),
        ("key", "KEY", Fit::CutMiddle),
    ];
    const SPARE: &'static [&'static str] = &["last_seen", "state"];
    const HAS_PROPERTIES: bool = true;

    fn cells(&self) -> Vec<String> {
        vec![
            label(&self.item.label),
            self.state.word().to_owned(),
            second(self.last_seen),
            self.key.clone(),
        ]
    }
}

impl Row for ContainerRecord {
    const TABLE: &'static [TableColumn] = ItemRecord::TABLE;
    const SPARE: &'static [&'static str] = ItemRecord::SPARE;

    fn cells(&self) -> Vec<String> {
        vec![
            self.label.clone(),
            self.state.to_owned(),
            self.last_seen_second.clone(),
            self.key.clone(),
        ]
    }
}

impl Row for ChangeRecord {
    const TABLE: &'static [TableColumn] = &[
        ("label", "LABEL", Fit::CutMiddle),
        ("time", "TIME", Fit::Whole),
        ("scan", "SCAN", Fit::Whole),
        ("change", "CHANGE", Fit::Whole),
        ("fields", "FIELDS", Fit::CutEnd),
        ("key", "KEY", Fit::CutMiddle),
    ];
    const SPARE: &'static [&'static str] = &["fields", "scan", "time", "change"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.label.clone(),
            self.time_second.clone(),
            self.scan.to_string(),
            self.change.to_owned(),
            self.fields.join(", "),
            self.key.clone(),
        ]
    }
}

impl Row for ScanRecord {
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

    fn cells(&self) -> Vec<String> {
        let counts = &self.counts;
        vec![
            self.scan.to_string(),
            self.connection.clone(),
            self.started_second.clone(),
            self.outcome.clone(),
            counts.items.to_string(),
            counts.added.to_string(),
            counts.changed.to_string(),
            counts.removed.to_string(),
            counts.returned.to_string(),
            counts.excluded.to_string(),
            self.reasons.join("; "),
        ]
    }
}

impl Row for OwnerRecord {
    const TABLE: &'static [TableColumn] = &[
        ("connection", "CONNECTION", Fit::Whole),
        ("owner", "OWNER", Fit::CutEnd),
        ("name", "NAME", Fit::CutEnd),
        ("email", "E-MAIL", Fit::CutEnd),
        ("status", "STATUS", Fit::Whole),
        ("items", "ITEMS", Fit::Whole),
    ];
    const SPARE: &'static [&'static str] = &["connection", "name", "items"];

    fn cells(&self) -> Vec<String> {
        let missing = if self.is_known() { "none" } else { "unknown" };
        vec![
            self.connection.clone(),
            self.owner.clone(),
            self.name.clone().unwrap_or_default(),
            self.email.clone().unwrap_or_else(|| missing.to_owned()),
            self.status.unwrap_or("unknown").to_owned(),
            self.items.to_string(),
        ]
    }
}

impl Row for FollowerRecord {
    const TABLE: &'static [TableColumn] = &[
        ("follower", "FOLLOWER", Fit::CutMiddle),
        ("kind", "KIND", Fit::Whole),
        ("behind", "BEHIND", Fit::Whole),
        ("followed", "LAST DELIVERED", Fit::Whole),
        ("waiting_since", "WAITING SINCE", Fit::Whole),
        ("sent", "SENT", Fit::Whole),
        ("refused", "REFUSED", Fit::Whole),
        ("failures", "FAILURES", Fit::Whole),
        ("next_retry", "NEXT RETRY", Fit::Whole),
        ("target", "TARGET", Fit::Wrap),
    ];
    const SPARE: &'static [&'static str] = &[
        "kind",
        "waiting_since",
        "sent",
        "next_retry",
        "failures",
        "followed",
        "refused",
    ];

    fn cells(&self) -> Vec<String> {
        let behind = match (self.state, self.behind) {
            (FollowerCondition::Disabled, _) => "disabled".to_owned(),
            (_, Some(behind)) => behind.to_string(),
            (_, None) if self.followed.is_some() => "all".to_owned(),
            (_, None) => "new".to_owned(),
        };
        let never = match self.state {
            FollowerCondition::Disabled => "",
            _ => "never",
        };
        let retry = match (&self.next_retry, self.failures) {
            (Some(time), _) => time,
            (None, 0) => "",
            (None, _) => "next scan",
        };
        vec![
            self.follower.clone(),
            self.kind.clone(),
            behind,
            self.followed.clone().unwrap_or_else(|| never.to_owned()),
            self.waiting_since.clone().unwrap_or_default(),
            self.sent.to_string(),
            self.refused.to_string(),
            self.failures.to_string(),
            retry.to_owned(),
            self.target.clone().unwrap_or_default(),
        ]
    }
}

/// A field of one record, for the table that shows this record.
#[derive(Clone, Serialize)]
pub(super) struct FieldRow {
    field: String,
    value: String,
}

impl Record for FieldRow {
    const FIELDS: &'static [&'static str] = &["field", "value"];
}

impl Row for FieldRow {
    const TABLE: &'static [TableColumn] = &[
        ("field", "FIELD", Fit::Whole),
        ("value", "VALUE", Fit::Wrap),
    ];
    const SPARE: &'static [&'static str] = &[];

    fn cells(&self) -> Vec<String> {
        vec![self.field.clone(), self.value.clone()]
    }
}

/// All fields of a record, in the order of its columns.
pub(super) fn fields<R: Row>(row: &R) -> Result<Vec<FieldRow>, ListError> {
    let json = serde_json::to_value(row).map_err(std::io::Error::from)?;
    let Value::Object(mut fields) = json else {
        return Ok(Vec::new());
    };
    let first = R::FIELDS
        .iter()
        .filter_map(|name| fields.remove_entry(*name));
    let first: Vec<_> = first.collect();
    let all = first.into_iter().chain(fields);
    let rows = all.map(|(field, value)| FieldRow {
        field,
        value: cell_text(&value),
    });
    Ok(rows.collect())
}

/// The fields with these names, in their order. Names in `more` are valid even if this record has no such field.
pub(super) fn chosen<R: Row>(
    fields: Vec<FieldRow>,
    names: &[String],
    more: &[String],
) -> Result<Vec<FieldRow>, ListError> {
    let own = fields.iter().map(|row| row.field.as_str());
    let known = own.chain(R::FIELDS.iter().copied()).map(str::to_owned);
    let known: Vec<_> = known.chain(more.iter().cloned()).collect();
    let mut chosen = Vec::new();
    for name in names {
        let name = find_field(name, &known)?;
        chosen.extend(fields.iter().filter(|row| row.field == name).cloned());
    }
    Ok(chosen)
}
