//! Changes in timelines.

use catalog_model::{ChangeKind, ItemKey, follower::EntityKind};
use jiff::Timestamp;

use super::{Views, field_label, short_place};
use crate::{
    parts::{Badge, ChangeRow, ChangedValue, Link, Moment, Tone},
    store::browse,
};

/// Whether a row says what changed and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Anything.
    Anything,
    /// What the page is about.
    ThePage,
}

/// A change in a timeline.
pub(crate) fn change(views: &Views<'_>, row: &browse::ChangeRow, about: About) -> ChangeRow {
    let time = Timestamp::from_millisecond(row.time).unwrap_or_default();
    let is_elsewhere = about == About::Anything;
    let place: Vec<_> = row
        .containers
        .iter()
        .map(|held| views.named(&held.name))
        .collect();
    ChangeRow {
        badge: kind_badge(views, row.kind),
        subject: is_elsewhere.then(|| Link::new(views.named(&row.name), subject(views, row))),
        type_of: is_elsewhere.then(|| type_of(views, row)).flatten(),
        place: (is_elsewhere && !place.is_empty()).then(|| place.join(" / ")),
        time: match about {
            About::Anything => Moment::time(views.t, time),
            About::ThePage => Moment::full(views.t, time),
        },
        note: row
            .rule
            .as_ref()
            .map(|rule| format!("{} {}", views.t.excluded_by, short_place(rule))),
        values: changed(views, &row.fields),
    }
}

/// What changed: the word for items, or the id of the kind of containers.
fn type_of(views: &Views<'_>, row: &browse::ChangeRow) -> Option<String> {
    match row.entity {
        EntityKind::Item => Some(views.words.item.to_owned()),
        EntityKind::Container => {
            let key: ItemKey = row.key.parse().ok()?;
            let part = key.parts().nth(1)?;
            let (kind, _) = part.split_once(':')?;
            Some(kind.replace('_', " "))
        }
    }
}

fn subject(views: &Views<'_>, row: &browse::ChangeRow) -> String {
    match row.entity {
        EntityKind::Item => views.links.item(&row.key),
        EntityKind::Container => views.container(&row.key),
    }
}

/// The fields that changed. The label contains the name, so it says something new only on its own.
fn changed(views: &Views<'_>, fields: &[browse::FieldChange]) -> Vec<ChangedValue> {
    let is_shown = |field: &&browse::FieldChange| field.field != "label" || fields.len() == 1;
    let fields = fields.iter().filter(is_shown);
    fields.map(|field| changed_value(views, field)).collect()
}

fn changed_value(views: &Views<'_>, field: &browse::FieldChange) -> ChangedValue {
    let t = views.t;
    let text = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
    let label = match field.field.as_str() {
        "name" => t.name,
        "label" => t.path,
        "description" => t.description,
        "contacts" => t.owner,
        _ => field.label.as_str(),
    };
    let label = field_label(label);
    ChangedValue {
        label,
        old: text(&field.old).filter(|_| field.is_known),
        new: field
            .is_known
            .then(|| text(&field.new).unwrap_or_else(|| t.empty_value.to_owned())),
    }
}

/// The kind of a change.
fn kind_badge(views: &Views<'_>, kind: ChangeKind) -> Badge {
    let tone = match kind {
        ChangeKind::Added | ChangeKind::Returned => Tone::Good,
        ChangeKind::Changed => Tone::Note,
        ChangeKind::Removed => Tone::Bad,
        _ => Tone::Plain,
    };
    Badge::new(tone, views.kind_word(kind))
}
