//! Tables: chosen columns of the records of one kind, sorted, page by page (Qlik help, Repository Service API: Table).

use serde_json::{Map, Value, json};

use super::Site;
use super::query;
use super::writing::{bad, body, forbidden, not_found};
use crate::account::{Access, Account};
use crate::answer::{Answer, Extent};
use crate::request::Request;
use crate::schema::{Entity, PropertyPath};

/// A column of a table.
struct Column {
    name: String,
    property: PropertyPath,
}

impl Site {
    pub(super) fn table(
        &self,
        path: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let selection = path.strip_prefix("selection/");
        let selection = selection.map(|path| path.split_once('/').ok_or_else(not_found));
        let selection = selection.transpose()?;
        let kind = selection.map_or(path, |(_, kind)| kind);
        let entity = match Entity::of_path(kind) {
            Some((entity, "")) => entity,
            _ => return Err(not_found()),
        };
        if matches!(account.access(entity), Access::Forbidden) {
            return Err(forbidden());
        }
        let definition = body(request)?;
        let name = definition.get("entity").and_then(Value::as_str);
        if name.and_then(Entity::of_name) != Some(entity) {
            return Err(bad(format!("The entity is not {}", entity.name())));
        }
        let columns = columns(entity, &definition)?;
        let lookup = self.lookup(entity, request, account);
        let rows = match selection {
            Some((id, _)) => self.selected(id, &lookup, Extent::Full)?,
            None => lookup.rows(Extent::Full)?,
        };
        let records = rows.content.records(entity);
        let mut places = rows.places.clone();
        if let Some(name) = request.parameter("sortColumn") {
            let column = columns.iter().find(|column| column.name == name);
            let column = column.ok_or_else(|| bad("The sort column is not a column"))?;
            let order =
                |a: &usize, b: &usize| query::compare(&column.property, &records[*a], &records[*b]);
            places.sort_by(order);
            if !flag(request, "orderAscending")? {
                places.reverse();
            }
        }
        let skip = number(request, "skip")?.unwrap_or(0);
        let take = number(request, "take")?.unwrap_or(usize::MAX);
        let take = take.min(self.settings.max_page_rows);
        let page = places.into_iter().skip(skip).take(take);
        let rows: Vec<_> = page.map(|place| row(&columns, &records[place])).collect();
        let names: Vec<_> = columns.iter().map(|column| &column.name).collect();
        Ok(Answer::created(&json!({
            "columnNames": names, "rows": rows, "schemaPath": "TableResult",
        })))
    }
}

fn row(columns: &[Column], record: &Value) -> Vec<Value> {
    let cells = columns.iter().map(|column| {
        let values = column.property.values(record);
        values.first().map_or(Value::Null, |value| (*value).clone())
    });
    cells.collect()
}

fn columns(entity: Entity, definition: &Map<String, Value>) -> Result<Vec<Column>, Answer> {
    let columns = definition.get("columns").and_then(Value::as_array);
    let columns = columns.filter(|columns| !columns.is_empty());
    let columns = columns.ok_or_else(|| bad("The table has no columns"))?;
    let mut known: Vec<Column> = Vec::new();
    for column in columns {
        let text = |key: &str| column[key].as_str().unwrap_or_default();
        let name = text("name").to_owned();
        if name.is_empty() || known.iter().any(|other| other.name == name) {
            return Err(bad(format!("`{name}` is not the name of one column")));
        }
        if text("columnType") != "Property" {
            return Err(bad("The fake site has columns of the type Property only"));
        }
        let property = PropertyPath::resolve(entity, text("definition"));
        let property = property.ok_or_else(|| bad(format!("The column {name} is not valid")))?;
        known.push(Column { name, property });
    }
    Ok(known)
}

fn number(request: &Request, name: &str) -> Result<Option<usize>, Answer> {
    let text = request.parameter(name);
    let number = text.map(|text| text.parse()).transpose();
    number.map_err(|_error| bad(format!("The parameter {name} is not a number")))
}

fn flag(request: &Request, name: &str) -> Result<bool, Answer> {
    match request.parameter(name).as_deref() {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(bad(format!("The parameter {name} is not true or false"))),
    }
}
