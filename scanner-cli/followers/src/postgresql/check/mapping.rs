//! Whether an item can be a row of the tables.

use catalog_model::{
    Instant, ItemState,
    follower::{Entity, EntityKind, Example, FeedEntry},
};

use postgresql_client::Session;

use super::super::{
    batch::{Unit, rows_json},
    columns::Table,
    row::columns_of,
    schema::{CURRENT, Found},
    writer::items_table,
};
use crate::remote::{
    check::{Seen, StageError},
    sample::describe,
};

/// Describes an item as a row. If the table exists, the database compares the row with it, which tests the types of all
/// columns.
pub(super) async fn seen(
    session: &Session,
    (schema, found): (&str, Found),
    example: Option<&Example>,
) -> Result<Seen, StageError> {
    let has_tables = found == Found::Version(CURRENT);
    let mut items = match has_tables {
        true => items_table(session, schema).await?,
        false => Table::new_items(),
    };
    let mut row = None;
    let seen = describe(example, |example| {
        let unit = unit(example, &mut items)?;
        if let Some(message) = unit.refusal() {
            return Err(message.to_owned());
        }
        row = rows_json(&[unit], EntityKind::Item);
        Ok("a row of `items`".to_owned())
    })?;
    if let (Some((rows, _)), true) = (row, has_tables) {
        session.begin_to_read(schema).await?;
        session.query(&items.count_differing(), &[&rows]).await?;
        session.roll_back().await?;
    }
    Ok(seen)
}

fn unit(example: &Example, items: &mut Table) -> Result<Unit, String> {
    for column in columns_of(&example.item) {
        if items.column(&column.name).is_none() {
            items.plan_column(&column.name, column.kind);
        }
    }
    let seen = Instant::from_unix_millis(0).map_err(|error| error.to_string())?;
    let item = Entity::Item(Box::new(example.item.clone()));
    let entry = FeedEntry::new(item, ItemState::Present, seen);
    let connection = &example.connection;
    let of = (connection.code.as_str(), &connection.key_parts[..]);
    Ok(Unit::of_entry(&entry, items, of))
}
