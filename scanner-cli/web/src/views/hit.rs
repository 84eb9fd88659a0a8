//! Items and containers in lists.

use catalog_model::{Contact, Contacts};

use super::Views;
use crate::{
    parts::{Badge, Fact, Hit, Marked, Tone, Value},
    store::browse::{BrowseEntry, Highlight, SearchHit, Subject},
};

/// Maximum number of characters of a description in a list. Styles show fewer lines of it.
const MAX_DESCRIPTION: usize = 400;

/// The parts of an item that are shown with their hits.
const VISIBLE_FIELDS: [&str; 3] = ["name", "description", "containers"];

/// An item or container that was found.
pub(crate) fn hit(views: &Views<'_>, found: &SearchHit) -> Hit {
    let entry = &found.entry;
    let title = highlighted(found, "name");
    let description = highlighted(found, "description");
    let text = description.or_else(|| plain_description(entry));
    Hit {
        title: title.unwrap_or_else(|| Marked::plain(views.named(entry.name()))),
        href: views.entry(entry),
        badges: badges(views, entry),
        place: place(views, found),
        text,
        meta: meta(views, found),
    }
}

/// The containers around it, with the hits in their names.
fn place(views: &Views<'_>, found: &SearchHit) -> Vec<(Marked, String)> {
    let highlights = found.highlights.iter();
    let inside = highlights.filter(|highlight| highlight.field == "containers");
    let parts = inside.flat_map(|highlight| &highlight.parts);
    let hits: Vec<_> = parts
        .filter(|part| part.is_hit)
        .map(|part| part.text.as_str())
        .collect();
    let links = views.place(&found.entry.containers).into_iter();
    links
        .map(|link| (Marked::new(&link.text, &hits), link.href))
        .collect()
}

fn badges(views: &Views<'_>, entry: &BrowseEntry) -> Vec<Badge> {
    let kind = match &entry.subject {
        Subject::Item(_) => Badge::default(),
        Subject::Container(container) => Badge::new(Tone::Note, container.kind.label),
    };
    vec![kind, views.state(entry.state)]
}

fn plain_description(entry: &BrowseEntry) -> Option<Marked> {
    let text = entry.description()?;
    let mut short: String = text.chars().take(MAX_DESCRIPTION).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(Marked::plain(short))
}

fn highlighted(found: &SearchHit, field: &str) -> Option<Marked> {
    let mut highlights = found.highlights.iter();
    highlights.find(|known| known.field == field).map(marked)
}

fn marked(highlight: &Highlight) -> Marked {
    let pieces = highlight.parts.iter();
    Marked {
        pieces: pieces
            .map(|part| (part.text.clone(), part.is_hit))
            .collect(),
    }
}

fn meta(views: &Views<'_>, found: &SearchHit) -> Vec<Fact> {
    let t = views.t;
    let mut facts = Vec::new();
    if let Some(items) = found.items {
        facts.push(Fact::new("", Value::Text(views.items(items))));
    }
    if let Some(owner) = found.entry.owner() {
        let name = owner.name.as_ref().or(owner.account.as_ref());
        facts.extend(name.map(|name| Fact::new(t.owner_in_hit, Value::Text(name.clone()))));
    }
    if let Subject::Container(container) = &found.entry.subject {
        let refreshed = container.refreshed;
        facts.extend(refreshed.map(|date| Fact::new(t.refreshed, views.instant(date))));
    }
    if let Some(modified) = found.entry.modified() {
        facts.push(Fact::new(t.modified, views.instant(modified)));
    }
    // Only if nothing else shows why it was found.
    let is_shown = |highlight: &Highlight| VISIBLE_FIELDS.contains(&highlight.field);
    if !found.highlights.iter().any(is_shown) {
        for (field, label) in [
            ("owners", t.owner),
            ("tags", t.tags),
            ("properties", t.properties),
        ] {
            if let Some(marked) = highlighted(found, field) {
                facts.push(Fact::new(label, Value::Marked(marked)));
                break;
            }
        }
    }
    facts
}

impl Views<'_> {
    /// The address of an item or container.
    pub(crate) fn entry(&self, entry: &BrowseEntry) -> String {
        match &entry.subject {
            Subject::Item(_) => self.links.item(&entry.key),
            Subject::Container(_) => self.container(&entry.key),
        }
    }
}

/// What lists need of an item or container alike.
pub(crate) trait Described {
    /// Whether it is an item.
    fn is_item(&self) -> bool;
    fn name(&self) -> &str;
    fn description(&self) -> Option<&str>;
    fn contacts(&self) -> &Contacts;
    fn modified(&self) -> Option<catalog_model::Instant>;

    /// The first contact.
    fn owner(&self) -> Option<&Contact> {
        match self.contacts() {
            Contacts::Known(contacts) => contacts.first(),
            Contacts::Unknown => None,
        }
    }
}

impl Described for BrowseEntry {
    fn is_item(&self) -> bool {
        matches!(self.subject, Subject::Item(_))
    }

    fn name(&self) -> &str {
        match &self.subject {
            Subject::Item(item) => &item.name,
            Subject::Container(container) => &container.name,
        }
    }

    fn description(&self) -> Option<&str> {
        match &self.subject {
            Subject::Item(item) => item.description.as_deref(),
            Subject::Container(container) => container.description.as_deref(),
        }
    }

    fn contacts(&self) -> &Contacts {
        match &self.subject {
            Subject::Item(item) => &item.contacts,
            Subject::Container(container) => &container.contacts,
        }
    }

    fn modified(&self) -> Option<catalog_model::Instant> {
        match &self.subject {
            Subject::Item(item) => item.precedence.modified,
            Subject::Container(container) => container.modified,
        }
    }
}
