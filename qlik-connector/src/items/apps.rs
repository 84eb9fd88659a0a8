//! The apps that a scan keeps in memory while it reads the sheets.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet, hash_map::Entry},
    fmt,
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use catalog_model::{ConnectionCode, Container, Instant, ItemKey, Link, documentation};
use qrs_client::{AppId, SiteUrl, lenient::OddFields};

use crate::{
    items::{
        dates::{Date, Dates},
        link::sheets_of,
    },
    people::owners::{AppOwner, Unread},
    records::{App, CustomProperty, Owner, SheetApp, Stream, names},
    schema::kinds::APP,
};

/// What to do if apps are not visible to the account.
pub(crate) const HINT_FOR_HIDDEN_APPS: &str = concat!(
    "allow the account to read `App_*`: see the rule in ",
    documentation!("qlik-setup#4-the-read-rule")
);

/// The apps by id. An app uses about 500 bytes, plus its description.
#[derive(Debug)]
pub(crate) struct Apps {
    by_id: HashMap<AppId, AppFacts>,
    /// Apps of the list whose records could not be read.
    unreadable: HashSet<AppId>,
    code: ConnectionCode,
    /// The base of people's links.
    links: SiteUrl,
    with_owners: WithOwners,
}

/// Whether owners of apps are also contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithOwners {
    Yes,
    No,
}

/// Where the facts about an app come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactsSource {
    /// The list of apps: everything is known.
    AppList,
    /// A sheet, which contains some of them. The others are unknown, for this reason.
    Sheet(Unread),
}

/// What is kept of an app.
#[derive(Clone, Debug)]
pub(crate) struct AppFacts {
    pub(crate) source: FactsSource,
    /// The URL of its sheets.
    pub(crate) sheets: Link,
    /// Its key as a container, which all its sheets share. `None` if it has no id.
    pub(crate) key: Option<ItemKey>,
    pub(crate) name: Box<str>,
    pub(crate) description: Box<str>,
    pub(crate) published: bool,
    /// The name of its stream.
    pub(crate) stream: Option<Box<str>>,
    pub(crate) stream_id: Option<Box<str>>,
    /// Its owner.
    pub(crate) owner: Option<Box<Owner<'static>>>,
    pub(crate) dates: AppDates,
    pub(crate) tags: Box<[String]>,
    pub(crate) custom_properties: Box<[NamedValue]>,
    /// The fields of its record that are unknown, by their paths there.
    odd: OddFields,
    /// The prefix of these paths in a sheet's record.
    odd_prefix: &'static str,
    /// The digest of the app, as part of the digests of its sheets.
    pub(crate) digest: DigestCell,
}

/// The digest of an app, once it is computed: `None` if something about the app is unknown.
#[derive(Clone, Default)]
pub(crate) struct DigestCell(pub(crate) OnceLock<Option<u128>>);

/// Prints nothing: a digest that is computed late is not a fact about the app.
impl fmt::Debug for DigestCell {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The dates of an app.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(crate) struct AppDates {
    pub(crate) created: Date,
    pub(crate) modified: Date,
    pub(crate) published: Date,
    pub(crate) reloaded: Date,
}

/// A value of a custom property: a text `name=value`, and the end of its name, because a name may also contain `=`.
#[derive(Clone, Debug, Hash)]
pub(crate) struct NamedValue {
    written: Box<str>,
    /// The offset of the `=`.
    equals: usize,
}

impl Apps {
    /// Creates an empty collection. Links for people begin with `links`.
    pub(crate) fn new(code: ConnectionCode, links: SiteUrl, with_owners: WithOwners) -> Self {
        Self {
            by_id: HashMap::new(),
            unreadable: HashSet::new(),
            code,
            links,
            with_owners,
        }
    }

    /// Adds an app of the list. Of two records with one id, which one counts does not depend on their order.
    pub(crate) fn add(&mut self, app: App<'_>, dates: &mut Dates) {
        let facts = AppFacts {
            source: FactsSource::AppList,
            dates: AppDates::from_app(&app, dates),
            sheets: sheets_of(&self.links, app.id.as_str()),
            key: Container::key_of(&self.code, APP, app.id.as_str()).ok(),
            name: app.name.into(),
            description: app.description.into(),
            published: app.published,
            stream: app.stream.as_ref().and_then(stream_name),
            stream_id: app.stream.as_ref().and_then(stream_id),
            owner: app.owner.map(|owner| Box::new(owner.into_owned())),
            tags: names(&app.tags).into(),
            custom_properties: app
                .custom_properties
                .iter()
                .map(NamedValue::from_property)
                .collect(),
            odd: app.odd,
            odd_prefix: "",
            digest: DigestCell::default(),
        };
        match self.by_id.entry(app.id.to_id()) {
            Entry::Occupied(mut known) => {
                if facts.rank() > known.get().rank() {
                    known.insert(facts);
                }
            }
            Entry::Vacant(vacant) => {
                vacant.insert(facts);
            }
        }
    }

    /// Records an app of the list whose record could not be read, if its id is known.
    pub(crate) fn add_unreadable(&mut self, id: Option<&str>) {
        self.unreadable.extend(id.map(AppId::from));
    }

    /// Returns the app of a sheet: from the list of apps, otherwise from the sheet's own record, some of whose fields
    /// may be `odd`.
    pub(crate) fn facts(&self, said: &SheetApp<'_>, odd: &OddFields) -> Cow<'_, AppFacts> {
        let listed = self.by_id.get(said.id.as_str()).map(Cow::Borrowed);
        listed.unwrap_or_else(|| {
            let unreadable = self.unreadable.contains(said.id.as_str());
            Cow::Owned(AppFacts {
                source: FactsSource::Sheet(if unreadable {
                    Unread::Unreadable
                } else {
                    Unread::Hidden
                }),
                sheets: sheets_of(&self.links, said.id.as_str()),
                key: Container::key_of(&self.code, APP, said.id.as_str()).ok(),
                name: (*said.name).into(),
                description: Box::default(),
                published: said.published,
                stream: said.stream.as_ref().and_then(stream_name),
                stream_id: said.stream.as_ref().and_then(stream_id),
                owner: None,
                dates: AppDates::default(),
                tags: Box::default(),
                custom_properties: Box::default(),
                odd: odd.clone(),
                odd_prefix: "app.",
                digest: DigestCell::default(),
            })
        })
    }

    /// Whether owners of apps are contacts.
    pub(crate) fn with_owners(&self) -> WithOwners {
        self.with_owners
    }

    /// Returns the owner of an app, if owners of apps are contacts.
    pub(crate) fn owner<'a>(&self, app: &'a AppFacts) -> AppOwner<'a> {
        match (self.with_owners, app.source) {
            (WithOwners::No, _) => AppOwner::Unwanted,
            (WithOwners::Yes, FactsSource::AppList) if app.is_ignored("owner") => {
                AppOwner::Unread(Unread::Unreadable)
            }
            (WithOwners::Yes, FactsSource::AppList) => AppOwner::Wanted(app.owner.as_deref()),
            (WithOwners::Yes, FactsSource::Sheet(unread)) => AppOwner::Unread(unread),
        }
    }

    /// Returns the rest of a message about users who own sheets.
    pub(crate) fn whose_owners_matter(&self) -> &'static str {
        match self.with_owners {
            WithOwners::Yes => " or their apps",
            WithOwners::No => "",
        }
    }

    /// Returns the names of the custom properties that have a value in any app.
    pub(crate) fn custom_properties(&self) -> BTreeSet<&str> {
        let all = self.by_id.values().flat_map(|app| &app.custom_properties);
        all.map(NamedValue::name).collect()
    }

    /// The base of people's links.
    pub(crate) fn links(&self) -> &SiteUrl {
        &self.links
    }

    /// The apps of the list.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (&AppId, &AppFacts)> {
        self.by_id.iter()
    }

    /// The ids of the apps whose records could not be read.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = &AppId> {
        let unread = |id: &&AppId| !self.by_id.contains_key(*id);
        self.unreadable.iter().filter(unread)
    }

    /// Whether the list has an app with this id.
    pub(crate) fn lists(&self, id: &AppId) -> bool {
        self.by_id.contains_key(id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

impl AppFacts {
    /// Whether a field of its record, such as `stream`, is unknown because it had an unexpected type.
    pub(crate) fn is_ignored(&self, field: &str) -> bool {
        !self.odd.is_empty() && self.odd.has(&format!("{}{field}", self.odd_prefix))
    }

    /// Whether a field of its record could not be read.
    pub(crate) fn has_unknown(&self) -> bool {
        let AppDates {
            created,
            modified,
            published,
            reloaded,
        } = self.dates;
        let dates = [created, modified, published, reloaded];
        !self.odd.is_empty() || dates.contains(&Date::Unknown)
    }

    /// Adds everything that is known of it to a digest, apart from its owner.
    pub(crate) fn hash_record(&self, hasher: &mut impl Hasher) {
        let Self {
            source: _,
            sheets,
            key: _,
            name,
            description,
            published,
            stream,
            stream_id,
            owner: _,
            dates,
            tags,
            custom_properties,
            odd: _,
            odd_prefix: _,
            digest: _,
        } = self;
        (sheets, name, description, published, stream, stream_id).hash(hasher);
        (dates, tags, custom_properties).hash(hasher);
    }

    /// Returns the rank among records with the same id: published apps rank higher, then newer ones.
    fn rank(&self) -> (bool, Option<Instant>, &str, &str) {
        let modified = self.dates.modified.instant();
        (self.published, modified, &self.name, &self.description)
    }
}

/// The name of a stream, unless it has none.
pub(crate) fn stream_name(stream: &Stream<'_>) -> Option<Box<str>> {
    (!stream.name.is_empty()).then(|| (*stream.name).into())
}

fn stream_id(stream: &Stream<'_>) -> Option<Box<str>> {
    (!stream.id.as_str().is_empty()).then(|| stream.id.as_str().into())
}

impl AppDates {
    fn from_app(app: &App<'_>, dates: &mut Dates) -> Self {
        let mut date = |timestamp, what, field| match app.odd.has(field) {
            true => Date::Unknown,
            false => dates.date(timestamp, what, app.id.as_str()),
        };
        Self {
            created: date(&app.created_date, "creation date", "createdDate"),
            modified: date(&app.modified_date, "modification date", "modifiedDate"),
            published: date(&app.publish_time, "publish date", "publishTime"),
            reloaded: date(&app.last_reload_time, "reload date", "lastReloadTime"),
        }
    }
}

impl NamedValue {
    fn from_property(property: &CustomProperty<'_>) -> Self {
        let definition = property.definition.as_ref();
        let name = definition.map_or("", |definition| &*definition.name);
        Self {
            written: format!("{name}={}", property.value).into(),
            equals: name.len(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.written[..self.equals]
    }

    pub(crate) fn value(&self) -> &str {
        &self.written[self.equals + 1..]
    }

    /// `name=value`, as in the item.
    pub(crate) fn written(&self) -> &str {
        &self.written
    }
}
