//! Entries of the store as JSON.

use catalog_followers::export_line::{ExportLine, label};
use catalog_model::{Contact, Contacts, Container, Instant, follower::EntityKind};
use serde::{Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use crate::{
    links::Links,
    state::ContainerRoute,
    store::{
        StoredScan,
        browse::{
            BrowseEntry, ChangeRow, EntryDetail, Facet, FollowerDelivery, KindCounts, OwnerRow,
            Subject,
        },
    },
};

/// An object without the fields that have no value.
#[derive(Default)]
pub(super) struct Record(Map<String, Value>);

impl Record {
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => {}
            value => {
                self.0.insert(name.to_owned(), value);
            }
        }
        self
    }

    pub(super) fn end(self) -> Value {
        Value::Object(self.0)
    }
}

/// A time as the export writes times.
pub(super) fn time(millis: i64) -> String {
    Instant::from_unix_millis(millis)
        .map_or_else(|_| millis.to_string(), |instant| instant.to_string())
}

pub(super) fn opt_time(millis: Option<i64>) -> Option<String> {
    millis.map(time)
}

/// An item as its export line, with state and dates; a container as `catalog list --type` shows it.
pub(crate) fn item_record(entry: &BrowseEntry) -> Value {
    let record = match &entry.subject {
        Subject::Item(item) => {
            let line = ExportLine {
                item,
                parts: &entry.connection.key_parts,
            };
            let mut record = serde_json::value::Serializer.serialize_map(None).ok();
            let written = record.as_mut().map(|record| line.serialize_into(record));
            let record = record.filter(|_| matches!(written, Some(Ok(()))));
            match record.map(SerializeMap::end) {
                Some(Ok(Value::Object(map))) => Record(map),
                _ => Record::default().with("key", entry.key.as_str()),
            }
        }
        Subject::Container(container) => container_record(entry, container),
    };
    record
        .with("connection", entry.connection.code.as_str())
        .with("state", entry.state.word())
        .with("first_seen", time(entry.first_seen))
        .with("last_seen", time(entry.last_seen))
        .with("gone_since", opt_time(entry.gone_since))
        .end()
}

fn container_record(entry: &BrowseEntry, container: &Container) -> Record {
    let date = |date: Option<Instant>| date.map(|date| date.to_string());
    let names = entry.containers.iter().map(|holder| holder.name.as_str());
    let names: Vec<_> = names.chain([container.name.as_str()]).collect();
    let contact = match &container.contacts {
        Contacts::Known(contacts) => contacts.first(),
        Contacts::Unknown => None,
    };
    let custom = container.custom_properties.iter();
    let custom = custom.map(|one| format!("{}={}", one.name, one.value));
    Record::default()
        .with("key", entry.key.as_str())
        .with("type", container.kind.id)
        .with("label", label(&names))
        .with("name", container.name.as_str())
        .with("description", container.description.as_deref())
        .with("source_id", container.id.0.as_str())
        .with(
            "parent",
            container.parent.as_ref().map(|parent| parent.to_string()),
        )
        .with("owner", contact.and_then(|owner| owner.account.as_deref()))
        .with(
            "owner_email",
            contact.and_then(|owner| owner.email.as_deref()),
        )
        .with("link", container.link.as_ref().map(|link| link.to_string()))
        .with("creation_date", date(container.created))
        .with("modification_date", date(container.modified))
        .with("publish_date", date(container.published))
        .with("reload_date", date(container.refreshed))
        .with("tags", list(container.tags.iter().map(String::as_str)))
        .with("custom_properties", list(custom))
}

/// A list, or nothing if it is empty.
fn list<T: Into<Value>>(values: impl Iterator<Item = T>) -> Value {
    let values: Vec<Value> = values.map(Into::into).collect();
    match values.is_empty() {
        true => Value::Null,
        false => Value::Array(values),
    }
}

/// Everything about an item or container.
pub(super) fn detail_record(
    detail: &EntryDetail,
    links: &Links,
    routes: &[ContainerRoute],
) -> Value {
    let entry = &detail.entry;
    let Value::Object(map) = item_record(entry) else {
        return Value::Null;
    };
    let people = match &entry.subject {
        Subject::Item(item) => &item.contacts,
        Subject::Container(container) => &container.contacts,
    };
    let people: Vec<_> = match people {
        Contacts::Known(people) => people.iter().map(person).collect(),
        Contacts::Unknown => Vec::new(),
    };
    let containers = entry.containers.iter().map(|holder| {
        let path = routes.iter().find(|route| route.kind == holder.kind.id);
        let page =
            path.map(|route| links.container(route.path, &entry.connection.code, &holder.id));
        Record::default()
            .with("key", holder.key.as_str())
            .with("type", holder.kind.id)
            .with("name", holder.name.as_str())
            .with("source_id", holder.id.as_str())
            .with("page", page)
            .end()
    });
    let followers = detail.followers.iter().map(|follower| {
        let (state, message) = match &follower.delivery {
            FollowerDelivery::Delivered => ("delivered", None),
            FollowerDelivery::Waiting => ("waiting", None),
            FollowerDelivery::Refused(message) => ("refused", Some(message.as_str())),
            FollowerDelivery::NotSelected => ("not_selected", None),
        };
        Record::default()
            .with("follower", follower.name.as_str())
            .with("state", state)
            .with("message", message)
            .with("last_success", opt_time(follower.succeeded))
            .end()
    });
    Record(map)
        .with("last_read", time(entry.last_read))
        .with("people", Value::Array(people))
        .with("containers", containers.collect::<Vec<_>>())
        .with("followers", followers.collect::<Vec<_>>())
        .with(
            "history",
            detail.history.iter().map(change_record).collect::<Vec<_>>(),
        )
        .end()
}

fn person(contact: &Contact) -> Value {
    Record::default()
        .with("role", &*contact.role)
        .with("name", contact.name.as_deref())
        .with("account", contact.account.as_deref())
        .with("email", contact.email.as_deref())
        .with("status", contact.status.map(|status| status.word()))
        .end()
}

/// A change, as `catalog changes` shows it.
pub(crate) fn change_record(change: &ChangeRow) -> Value {
    let fields = change.fields.iter();
    let values = fields.clone().filter(|field| field.is_known);
    let values =
        values.map(|field| json!({ "field": field.field, "old": field.old, "new": field.new }));
    let containers = change.containers.iter().map(|holder| holder.name.as_str());
    let names: Vec<_> = containers.chain([change.name.as_str()]).collect();
    let entity = match change.entity {
        EntityKind::Item => "item",
        EntityKind::Container => "container",
    };
    Record::default()
        .with("id", change.id.as_str())
        .with("seq", change.seq)
        .with("time", time(change.time))
        .with("scan", change.scan)
        .with("connection", change.connection.as_str())
        .with("change", change.kind.word())
        .with("entity", entity)
        .with("type", type_of(change))
        .with("key", change.key.as_str())
        .with("name", change.name.as_str())
        .with("label", label(&names))
        .with("fields", list(fields.map(|field| field.field.as_str())))
        .with("values", list(values))
        .with("rule", change.rule.as_deref())
        .end()
}

/// The type of what changed, as in lists of items and containers.
pub(crate) fn type_of(change: &ChangeRow) -> &str {
    match change.entity {
        EntityKind::Item => "visualization",
        EntityKind::Container => kind_of(&change.key).unwrap_or("container"),
    }
}

/// The kind of a container, which is a part of its key.
pub(crate) fn kind_of(key: &str) -> Option<&str> {
    let (_, id) = key.split_once('/')?;
    Some(id.split_once(':')?.0)
}

/// A scan, as `catalog scans` shows it.
pub(crate) fn scan_record(scan: &StoredScan) -> Value {
    let outcome = scan.outcome.as_deref().unwrap_or("unfinished");
    Record::default()
        .with("scan", scan.id)
        .with("connection", scan.connection.as_str())
        .with("started", time(scan.started))
        .with("ended", opt_time(scan.ended))
        .with("outcome", outcome)
        .with("items", scan.counts.seen)
        .with("added", scan.counts.added)
        .with("changed", scan.counts.changed)
        .with("removed", scan.counts.removed)
        .with("returned", scan.counts.returned)
        .with("unreadable", scan.counts.unreadable)
        .with("excluded", scan.counts.excluded)
        .with("bytes", scan.bytes)
        .with("site_version", scan.site_version.as_deref())
        .with("reasons", list(scan.reasons.iter().map(String::as_str)))
        .end()
}

pub(crate) fn owner_record(owner: &OwnerRow) -> Value {
    Record::default()
        .with("id", owner.id.as_str())
        .with("connection", owner.connection.as_str())
        .with("owner", owner.account.as_deref())
        .with("name", owner.name.as_deref())
        .with("email", owner.email.as_deref())
        .with("status", owner.status.map(|status| status.word()))
        .with("items", owner.items)
        .end()
}

pub(super) fn counts_record(counts: &KindCounts) -> Value {
    json!({
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed,
        "returned": counts.returned,
        "excluded": counts.excluded,
    })
}

pub(super) fn facet_record(facet: &Facet) -> Value {
    let values = facet
        .values
        .iter()
        .map(|value| json!({ "value": value.value, "label": value.label, "count": value.count }));
    json!({ "values": values.collect::<Vec<_>>(), "more": facet.more })
}
