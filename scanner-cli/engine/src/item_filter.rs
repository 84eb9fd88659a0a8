//! Which items, apps and streams a list has: those of an app, a stream or an owner, or those that contain a text.
//!
//! Apps, streams and owners are compared as a whole, a text to search for is found anywhere. Case does not matter.

use std::collections::BTreeSet;

use catalog_model::{Contacts, Container};

use crate::{
    export_line::label,
    near_code::did_you_mean,
    store::{Catalog, CatalogItem, ItemScope, ItemState, StoreError},
};

/// The kind of containers that are apps.
pub const APP: &str = "app";
/// The kind of containers that are streams.
pub const STREAM: &str = "stream";

/// What the items of a list must have. A text that is not set selects everything.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// The id or the name of the app.
    pub app: Option<String>,
    /// The name of the stream; of a stream itself, also its id.
    pub stream: Option<String>,
    /// The account, the name or the e-mail address of an owner.
    pub owner: Option<String>,
    /// A text in key, label, name or description.
    pub search: Option<String>,
}

/// Selects items, apps and streams by [`Conditions`].
pub struct ItemFilter {
    app: WantedText,
    stream: WantedText,
    owner: WantedText,
    search: WantedText,
}

/// A text to compare others with, in lower case. If it is not set, it accepts everything.
struct WantedText(Option<String>);

/// The properties of items that conditions are compared with, if a connection has them.
const APP_PROPERTIES: [&str; 2] = ["application_id", "application_name"];
const STREAM_PROPERTY: &str = "stream";
const OWNER_PROPERTY: &str = "owner";

impl ItemFilter {
    /// The filter for these conditions.
    #[must_use]
    pub fn new(conditions: &Conditions) -> Self {
        let text = |text: &Option<String>| WantedText(text.as_deref().map(str::to_lowercase));
        Self {
            app: text(&conditions.app),
            stream: text(&conditions.stream),
            owner: text(&conditions.owner),
            search: text(&conditions.search),
        }
    }

    /// Whether an item meets all conditions.
    pub fn accepts(&self, found: &CatalogItem<'_>) -> bool {
        let item = &found.item;
        let label = label(&item.label);
        let described = [
            Some(found.key.as_str()),
            Some(&*label),
            Some(&*item.name),
            item.description.as_deref(),
        ];
        self.app.is_one_of(apps_of(found))
            && self.stream.is_one_of(streams_of(found))
            && self.owner.is_one_of(owners_of(found))
            && self.search.is_in(described)
    }

    /// Whether an app or a stream meets all conditions; `stream` is the name of the stream of an app.
    pub fn accepts_container(&self, container: &Container, stream: Option<&str>) -> bool {
        let name = Some(&*container.name);
        let own = [Some(container.id.0.as_str()), name];
        let (apps, streams) = match container.kind.id == STREAM {
            true => (&[][..], &own[..]),
            false => (&own[..], &[stream][..]),
        };
        let key = Some(container.key.as_str());
        let described = [key, stream, name, container.description.as_deref()];
        self.app.is_one_of(apps.iter().copied())
            && self.stream.is_one_of(streams.iter().copied())
            && self.owner.is_one_of(contacts(&container.contacts))
            && self.search.is_in(described)
    }
}

impl WantedText {
    /// Whether one of these texts is the same.
    fn is_one_of<'a>(&self, texts: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        self.fits(texts, |text, wanted| text == wanted)
    }

    /// Whether one of these texts contains it.
    fn is_in<'a>(&self, texts: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        self.fits(texts, |text, wanted| text.contains(wanted))
    }

    fn fits<'a>(
        &self,
        texts: impl IntoIterator<Item = Option<&'a str>>,
        fits: fn(&str, &str) -> bool,
    ) -> bool {
        let Some(wanted) = &self.0 else { return true };
        let mut texts = texts.into_iter().flatten();
        texts.any(|text| fits(&text.to_lowercase(), wanted))
    }
}

fn apps_of<'a>(found: &'a CatalogItem<'_>) -> impl Iterator<Item = Option<&'a str>> {
    let properties = &found.item.properties;
    APP_PROPERTIES.iter().map(|name| properties.text(name))
}

fn streams_of<'a>(found: &'a CatalogItem<'_>) -> impl Iterator<Item = Option<&'a str>> {
    std::iter::once(found.item.properties.text(STREAM_PROPERTY))
}

fn owners_of<'a>(found: &'a CatalogItem<'_>) -> impl Iterator<Item = Option<&'a str>> {
    let owner = found.item.properties.text(OWNER_PROPERTY);
    contacts(&found.item.contacts).chain([owner])
}

/// The accounts, addresses and names of known contacts.
fn contacts(contacts: &Contacts) -> impl Iterator<Item = Option<&str>> {
    let contacts = match contacts {
        Contacts::Known(contacts) => contacts.as_slice(),
        Contacts::Unknown => &[],
    };
    contacts
        .iter()
        .flat_map(|contact| [&contact.account, &contact.email, &contact.name].map(Option::as_deref))
}

/// Names of the store that a condition is compared with, to find the one that was misspelt.
struct Names {
    what: &'static str,
    wanted: String,
    names: BTreeSet<String>,
    is_known: bool,
}

/// Maximum number of names of each kind that are searched for a similar one.
const MAX_NAMES: usize = 20_000;

impl Names {
    fn new(what: &'static str, wanted: Option<&String>) -> Option<Self> {
        wanted.map(|wanted| Self {
            what,
            wanted: wanted.clone(),
            names: BTreeSet::new(),
            is_known: false,
        })
    }

    fn add<'a>(&mut self, names: impl IntoIterator<Item = Option<&'a str>>) {
        for name in names.into_iter().flatten() {
            self.is_known |= name.to_lowercase() == self.wanted.to_lowercase();
            if self.names.len() < MAX_NAMES && !self.names.contains(name) {
                self.names.insert(name.to_owned());
            }
        }
    }

    /// `no app has the name …`, unless one has.
    fn message(&self) -> Option<String> {
        if self.is_known {
            return None;
        }
        let Self { what, wanted, .. } = self;
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        let question = did_you_mean(wanted, &names);
        let advice = match question.is_empty() {
            true => "try `catalog list --search TEXT`",
            false => question.trim_end(),
        };
        Some(format!("{what} `{wanted}`; {advice}"))
    }
}

/// Why a list is empty: the name of the app, stream or owner that no item of the store has.
///
/// # Errors
/// If the store cannot be read.
pub fn unknown_name(
    catalog: &Catalog,
    conditions: &Conditions,
) -> Result<Option<String>, StoreError> {
    let mut apps = Names::new("no app has the id or name", conditions.app.as_ref());
    let mut streams = Names::new("no stream has the name", conditions.stream.as_ref());
    let owner = "no owner has the account, name or e-mail address";
    let mut owners = Names::new(owner, conditions.owner.as_ref());
    let scope = ItemScope {
        connection: None,
        states: &ItemState::ALL,
    };
    catalog.each_item(scope, |found| {
        add(&mut apps, apps_of(&found));
        add(&mut streams, streams_of(&found));
        add(&mut owners, owners_of(&found));
        Ok::<_, StoreError>(())
    })?;
    catalog.each_container(scope, |found| {
        let container = &found.container;
        let own = [Some(container.id.0.as_str()), Some(&*container.name)];
        match container.kind.id {
            APP => add(&mut apps, own),
            STREAM => add(&mut streams, own),
            _ => {}
        }
        add(&mut owners, contacts(&container.contacts));
        Ok::<_, StoreError>(())
    })?;
    let all = [apps, streams, owners].into_iter().flatten();
    Ok(all.filter_map(|names| names.message()).next())
}

fn add<'a>(names: &mut Option<Names>, more: impl IntoIterator<Item = Option<&'a str>>) {
    if let Some(names) = names {
        names.add(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_reported_with_the_nearest_one() {
        for (wanted, expected) in [
            ("sales overview", None),
            (
                "Sales Overveiw",
                Some("no app has the name `Sales Overveiw`; did you mean `Sales Overview`?"),
            ),
            (
                "supplier",
                Some("no app has the name `supplier`; did you mean `Supplier Scorecard`?"),
            ),
            (
                "warehouse",
                Some("no app has the name `warehouse`; try `catalog list --search TEXT`"),
            ),
        ] {
            let mut names = Names::new("no app has the name", Some(&wanted.to_owned())).unwrap();
            names.add([Some("Sales Overview"), None, Some("Supplier Scorecard")]);
            assert_eq!(names.message().as_deref(), expected, "{wanted}");
        }
    }
}
