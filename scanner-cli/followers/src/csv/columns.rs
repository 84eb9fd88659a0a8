//! The columns of a file.

use catalog_model::{ItemState, Settings, Visualization, follower::FeedEntry};
use serde_json::{Map, Value};

use crate::{
    csv_cell::safe_value,
    export_line::ExportLine,
    field_names::{UnknownField, find_field},
};

/// The columns of a file, in the order in which they are written if none are selected. They are the fields of the export,
/// and when the item was first seen.
pub const ALL: [&str; 23] = [
    "key",
    "label",
    "name",
    "description",
    "stream",
    "application_name",
    "contacts",
    "owner",
    "owner_status",
    "sheet_status",
    "creation_date",
    "modification_date",
    "publish_date",
    "tags",
    "application_description",
    "application_tags",
    "application_reload_date",
    "application_custom_properties",
    "application_id",
    "sheet_url",
    "catalog",
    "first_seen",
    "id",
];

/// Columns of `catalog list` that a file cannot have: they change although nothing is delivered, or have the same value in
/// each row.
const IN_LISTS_ONLY: [&str; 4] = ["state", "last_seen", "gone_since", "type"];

/// Maximum length of a cell in UTF-16 code units. Spreadsheet programs continue a longer one in other rows.
const MAX_CELL_UNITS: usize = 32_767;

/// Follows a text that was truncated.
const ELLIPSIS: char = '…';

/// Reads the setting `columns`. By default, all columns.
pub(super) fn read(settings: &mut Settings) -> Vec<&'static str> {
    let Some(names) = settings.texts("columns") else {
        return ALL.to_vec();
    };
    if names.value.is_empty() {
        let hint = "remove the setting to write all columns".to_owned();
        settings.refuse("columns", "`columns` is empty", hint);
    }
    let mut columns = Vec::new();
    for name in names.value {
        match find_field(&name, &ALL) {
            Ok(column) if columns.contains(&column) => {
                let hint = "write each column once".to_owned();
                settings.refuse("columns", format!("`columns` has `{column}` twice"), hint);
            }
            Ok(column) => columns.push(column),
            Err(unknown) => {
                let hint = hint(&unknown);
                let message = format!("`columns`: there is no column `{name}`");
                settings.refuse("columns", message, hint);
            }
        }
    }
    columns
}

fn hint(unknown: &UnknownField) -> String {
    if let Ok(column) = find_field(&unknown.name, &IN_LISTS_ONLY) {
        return format!("only `catalog list` has the column `{column}`");
    }
    match &unknown.near {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<_> = unknown.known.iter().map(String::as_str).collect();
            format!("the columns are {}", known.join(", "))
        }
    }
}

/// An item as cells.
pub(super) fn cells<'a>(
    columns: &'a [&str],
    entry: &FeedEntry<Visualization>,
    parts: &[String],
) -> serde_json::Result<impl Iterator<Item = String> + use<'a>> {
    debug_assert!(ItemState::EXISTING.contains(&entry.state));
    let line = ExportLine {
        item: &entry.entity,
        parts,
    };
    let mut fields = match serde_json::to_value(line)? {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let first_seen = entry.first_seen.to_string();
    fields.insert("first_seen".to_owned(), Value::String(first_seen));
    let cells = columns.iter().map(move |column| {
        let value = fields.get(*column).unwrap_or(&Value::Null);
        bounded(safe_value(value))
    });
    Ok(cells)
}

/// Truncates a cell that is longer than spreadsheet programs accept.
fn bounded(cell: String) -> String {
    // A character has at most one unit for each of its bytes.
    if cell.len() <= MAX_CELL_UNITS || cell.encode_utf16().count() <= MAX_CELL_UNITS {
        return cell;
    }
    let mut units = ELLIPSIS.len_utf16();
    let fits = |char: &char| {
        units += char.len_utf16();
        units <= MAX_CELL_UNITS
    };
    let mut truncated: String = cell.chars().take_while(fits).collect();
    truncated.push(ELLIPSIS);
    truncated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_truncated_between_characters() {
        for (text, expected) in [
            ("x".repeat(MAX_CELL_UNITS), "x".repeat(MAX_CELL_UNITS)),
            ("é".repeat(MAX_CELL_UNITS), "é".repeat(MAX_CELL_UNITS)),
            (
                "x".repeat(MAX_CELL_UNITS + 1),
                "x".repeat(MAX_CELL_UNITS - 1) + "…",
            ),
            ("📈".repeat(20_000), "📈".repeat(16_383) + "…"),
        ] {
            assert_eq!(bounded(text), expected);
        }
    }

    #[test]
    fn columns_that_only_lists_have_are_explained() {
        let hint = |name: &str| hint(&find_field(name, &ALL).unwrap_err());
        assert_eq!(
            hint("Last Seen"),
            "only `catalog list` has the column `last_seen`"
        );
        assert_eq!(hint("ownr"), "did you mean `owner`?");
        assert!(hint("colour of the sky").starts_with("the columns are application_custom"));
    }
}
