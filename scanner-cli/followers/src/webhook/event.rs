//! Events as they are sent: what happened to an item, or how a scan ended. Nothing here touches the network.

use catalog_model::{
    ChangeKind, ConnectionCode, Feed, Instant, ItemKey, ItemState, Visualization,
    follower::{Entity, FeedChange, FeedConnection, FeedEntry, FeedScan},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use crate::{export_line::ExportLine, json_text::write_json, product::SCANNER};

/// The version of the events. With another one, everything is sent again.
pub(super) const REVISION: u32 = 1;

/// Characters that need no encoding in a part of a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An event as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    /// The key of its item; of a scan, the code of the connection.
    #[serde(rename = "k")]
    pub(super) subject: String,
    /// Whether it is about an item.
    #[serde(rename = "i")]
    pub(super) is_item: bool,
    #[serde(rename = "e")]
    pub(super) json: String,
}

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    Added,
    Changed,
    Removed,
    Returned,
}

#[derive(Serialize)]
struct CloudEvent<'a, D> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    datacontenttype: &'static str,
    data: D,
}

#[derive(Serialize)]
struct ItemData<'a> {
    connection: &'a str,
    /// Why it was removed: `gone` or `excluded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The rule that excludes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    /// The fields that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_fields: Option<&'a [String]>,
    /// Whether nothing happened just now: it is a part of the state with which the receiver starts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    snapshot: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<EventItem<'a>>,
}

/// An item with the fields of the export, and what a list of the catalog has besides.
struct EventItem<'a> {
    line: ExportLine<'a, String>,
    state: ItemState,
    first_seen: Instant,
    gone_since: Option<Instant>,
}

#[derive(Serialize)]
struct ScanData<'a> {
    connection: &'a str,
    scan: String,
    outcome: &'static str,
    reasons: &'a [String],
    started: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    items: ScanItems,
}

#[derive(Serialize)]
struct ScanItems {
    seen: u64,
    added: u64,
    changed: u64,
    removed: u64,
    returned: u64,
    excluded: u64,
    unreadable: u64,
}

impl Event {
    /// The event of a change of an item, which contains the item as it is now. Its id is that of the change, so it is the
    /// same each time.
    pub(super) fn of_change(
        feed: &dyn Feed,
        connection: &FeedConnection,
        change: &FeedChange,
    ) -> Self {
        let entry = change.entry.as_ref().and_then(item_entry);
        // An item that the store has deleted since is gone, whatever happened to it before.
        let happening = entry.map_or(Happening::Removed, |_| Happening::from_kind(change.kind));
        let is_excluded = change.kind == ChangeKind::Excluded;
        let state = match happening {
            Happening::Removed if is_excluded => ItemState::Excluded,
            Happening::Removed => ItemState::Gone,
            _ => existing(entry.map(|(_, entry)| entry.state)),
        };
        let fields = (happening == Happening::Changed && !change.fields.is_empty())
            .then_some(change.fields.as_slice());
        let data = ItemData {
            connection: connection.code.as_str(),
            reason: (happening == Happening::Removed).then_some(state.word()),
            rule: change
                .fields
                .first()
                .filter(|_| is_excluded)
                .map(String::as_str),
            changed_fields: fields,
            snapshot: false,
            item: entry.map(|(item, entry)| EventItem::new(connection, item, (state, entry))),
        };
        let id = format!("{}-{}", feed.store_id(), change.position.get());
        let time = Some(change.time);
        Self::of_item(&connection.code, &change.key, (id, happening, time), data)
    }

    /// The event of an item when everything is sent. Its id begins with that of this snapshot.
    pub(super) fn of_snapshot(
        snapshot: &str,
        connection: &FeedConnection,
        entry: &FeedEntry<Visualization>,
    ) -> Self {
        let state = entry.state;
        let is_there = ItemState::EXISTING.contains(&state);
        let (happening, time) = match is_there {
            true => (Happening::Added, Some(entry.first_seen)),
            false => (Happening::Removed, entry.gone_since),
        };
        let item = &entry.entity;
        let data = ItemData {
            connection: connection.code.as_str(),
            reason: (!is_there).then_some(state.word()),
            rule: None,
            changed_fields: None,
            snapshot: true,
            item: Some(EventItem::new(connection, item, (state, entry))),
        };
        let id = format!("{snapshot}-{}", item.key);
        Self::of_item(&connection.code, &item.key, (id, happening, time), data)
    }

    /// The event of a scan that has ended.
    pub(super) fn of_scan(feed: &dyn Feed, code: &ConnectionCode, scan: &FeedScan) -> Self {
        let counts = scan.counts;
        let data = ScanData {
            connection: code.as_str(),
            scan: format!("{}-{}", feed.store_id(), scan.number),
            outcome: scan.outcome.word(),
            reasons: &scan.reasons,
            started: scan.started.to_string(),
            ended: scan.ended.map(|ended| ended.to_string()),
            items: ScanItems {
                seen: counts.seen,
                added: counts.added,
                changed: counts.changed,
                removed: counts.removed,
                returned: counts.returned,
                excluded: counts.excluded,
                unreadable: counts.unreadable,
            },
        };
        let id = format!("{}-scan-{}", feed.store_id(), scan.number);
        let kind = "scan.ended";
        Self::new(code, (code.as_str(), false), (id, kind, scan.ended), data)
    }

    fn of_item(
        code: &ConnectionCode,
        key: &ItemKey,
        (id, happening, time): (String, Happening, Option<Instant>),
        data: ItemData<'_>,
    ) -> Self {
        let kind = happening.kind();
        Self::new(code, (key.as_str(), true), (id, kind, time), data)
    }

    fn new(
        code: &ConnectionCode,
        (subject, is_item): (&str, bool),
        (id, kind, time): (String, &str, Option<Instant>),
        data: impl Serialize,
    ) -> Self {
        let event = CloudEvent {
            specversion: "1.0",
            id,
            source: format!(
                "/{SCANNER}/{}",
                utf8_percent_encode(code.as_str(), UNRESERVED)
            ),
            kind: format!("{SCANNER}.{kind}"),
            subject,
            time: time.map(|time| time.to_string()),
            datacontenttype: "application/json",
            data,
        };
        let mut json = Vec::with_capacity(1024);
        // Writing to memory cannot fail, and every key is a text.
        let _ = write_json(&mut json, &event);
        Self {
            subject: subject.to_owned(),
            is_item,
            json: String::from_utf8(json).unwrap_or_default(),
        }
    }
}

impl Happening {
    fn from_kind(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Added => Self::Added,
            ChangeKind::Removed | ChangeKind::Excluded => Self::Removed,
            ChangeKind::Returned => Self::Returned,
            // `Changed`, `Rewritten`: the event describes the item in another way.
            _ => Self::Changed,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Added => "item.added",
            Self::Changed => "item.changed",
            Self::Removed => "item.removed",
            Self::Returned => "item.returned",
        }
    }
}

fn item_entry(entry: &FeedEntry<Entity>) -> Option<(&Visualization, &FeedEntry<Entity>)> {
    match &entry.entity {
        Entity::Item(item) => Some((item, entry)),
        _ => None,
    }
}

/// The state of an item that existed when something happened to it. If it does not exist any more, another event says so.
fn existing(state: Option<ItemState>) -> ItemState {
    state
        .filter(|state| ItemState::EXISTING.contains(state))
        .unwrap_or(ItemState::Present)
}

impl<'a> EventItem<'a> {
    fn new<T>(
        connection: &'a FeedConnection,
        item: &'a Visualization,
        (state, entry): (ItemState, &FeedEntry<T>),
    ) -> Self {
        Self {
            line: ExportLine {
                item,
                parts: &connection.key_parts,
            },
            state,
            first_seen: entry.first_seen,
            gone_since: entry.gone_since.filter(|_| state == ItemState::Gone),
        }
    }
}

impl Serialize for EventItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_map(None)?;
        self.line.serialize_into(&mut item)?;
        item.serialize_entry("state", self.state.word())?;
        item.serialize_entry("first_seen", &self.first_seen.to_string())?;
        if let Some(since) = self.gone_since {
            item.serialize_entry("gone_since", &since.to_string())?;
        }
        item.end()
    }
}
