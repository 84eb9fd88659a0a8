//! The containers of sheets: apps, and the streams to which apps are published. They are created from the list of apps
//! and from the app data in sheets, so they need no additional request.
//!
//! Filters are written for sheets. A filter excludes an app if it excludes every sheet in it, or if it would exclude
//! every possible sheet. It excludes a stream if it excludes every app in it. An app without sheets is also a
//! container.

use std::collections::{BTreeMap, HashMap};

use catalog_model::{
    Contacts, Container, ContainerField, CustomProperty, Inclusion, InvalidKey, Observation,
    ScanSink, SinkError,
    filter::{Decision, ItemFilter},
};
use qrs_client::AppId;

use crate::{
    filters::app_subject::AppSubject,
    items::{
        apps::{AppFacts, FactsSource},
        dates::Date,
        link::{app_link, stream_link},
        lower::Surroundings,
    },
    people::owners::AppOwner,
    records::Id,
    schema::kinds::{APP, STREAM},
};

/// The data about apps that a scan collects from sheets. Memory grows with the number of apps, not of sheets.
#[derive(Default)]
pub(crate) struct SheetsOfApps(HashMap<AppId, Learned>);

/// The data from the sheets of one app.
struct Learned {
    /// The combined result of the filter for the sheets.
    sheets: Inclusion,
    /// The app data of a sheet, if the list of apps does not contain the app.
    app: Option<Box<AppFacts>>,
}

impl SheetsOfApps {
    /// Adds an app of the list whose sheets were not read, with their combined result of the filter.
    pub(crate) fn add_unread(&mut self, id: AppId, sheets: Inclusion) {
        self.0.insert(id, Learned { sheets, app: None });
    }

    /// Adds a sheet with its result of the filter.
    pub(crate) fn add(&mut self, id: &Id<'_, AppId>, app: &AppFacts, sheet: Inclusion) {
        match self.0.get_mut(id.as_str()) {
            Some(learned) => learned.sheets = together(learned.sheets, sheet),
            None => {
                let listed = app.source == FactsSource::AppList;
                let app = (!listed).then(|| Box::new(app.clone()));
                let sheets = sheet;
                self.0.insert(id.to_id(), Learned { sheets, app });
            }
        }
    }
}

/// Combines the results of the filter for two things in one container.
fn together(one: Inclusion, other: Inclusion) -> Inclusion {
    match (one, other) {
        (Inclusion::Included, _) | (_, Inclusion::Included) => Inclusion::Included,
        (Inclusion::Undecided, _) | (_, Inclusion::Undecided) => Inclusion::Undecided,
        (Inclusion::Excluded, Inclusion::Excluded) => Inclusion::Excluded,
    }
}

/// Whether a scan has seen every sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AllSheets {
    Seen,
    /// Some may be hidden or could not be read, so no app is excluded because of the sheets that were seen.
    Unknown,
}

/// Creates the containers of a scan.
pub(crate) struct Containers<'a> {
    pub(crate) surroundings: &'a Surroundings<'a>,
    pub(crate) filter: Option<&'a ItemFilter>,
    pub(crate) sheets: SheetsOfApps,
    pub(crate) all_sheets: AllSheets,
}

/// The streams of the apps, by id.
#[derive(Default)]
struct Streams<'a>(BTreeMap<&'a str, (&'a str, Inclusion)>);

impl Containers<'_> {
    /// Delivers apps and streams, sorted by id.
    pub(crate) async fn deliver(&self, sink: &mut dyn ScanSink) -> Result<(), SinkError> {
        let mut streams = Streams::default();
        let mut hidden_streams = false;
        for (id, app) in self.apps() {
            let inclusion = self.inclusion(id, app);
            hidden_streams |= app.is_none_or(stream_is_unknown);
            if let Some(app) = app {
                streams.add(app, inclusion);
            }
            send(sink, self.app(id, app, inclusion)).await?;
        }
        for (id, (name, inclusion)) in streams.0 {
            send(sink, self.stream(id, name, inclusion)).await?;
        }
        if hidden_streams {
            sink.ready().await?;
            sink.observe(Observation::HiddenContainers(STREAM))?;
        }
        Ok(())
    }

    /// Returns all apps by id: those of the list, those that only sheets contain, and those of which only the id is
    /// known.
    fn apps(&self) -> BTreeMap<&AppId, Option<&AppFacts>> {
        let apps = self.surroundings.apps;
        let unreadable = apps.unreadable().map(|id| (id, None));
        let of_sheets = self.sheets.0.iter().filter_map(|(id, learned)| {
            let app = learned.app.as_deref()?;
            (!apps.lists(id)).then_some((id, Some(app)))
        });
        let listed = apps.listed().map(|(id, app)| (id, Some(app)));
        unreadable.chain(of_sheets).chain(listed).collect()
    }

    fn inclusion(&self, id: &AppId, app: Option<&AppFacts>) -> Inclusion {
        let Some(filter) = self.filter else {
            return Inclusion::Included;
        };
        if let Some(app) = app
            && let Decision::Exclude { .. } = filter
                .decide(&AppSubject {
                    id: id.as_str(),
                    app,
                })
                .decision
        {
            return Inclusion::Excluded;
        }
        match self.sheets.0.get(id).map(|learned| learned.sheets) {
            Some(Inclusion::Excluded) if self.all_sheets == AllSheets::Unknown => {
                Inclusion::Undecided
            }
            Some(sheets) => sheets,
            None if app.is_none() => Inclusion::Undecided,
            None => Inclusion::Included,
        }
    }

    fn app(
        &self,
        id: &AppId,
        app: Option<&AppFacts>,
        inclusion: Inclusion,
    ) -> Result<Container, InvalidKey> {
        let Surroundings { code, apps, .. } = self.surroundings;
        let name = app.map_or("", |app| &app.name);
        let parent = app.and_then(|app| app.stream_id.as_deref());
        let container = Container {
            parent: parent.and_then(|stream| Container::key_of(code, STREAM, stream).ok()),
            link: Some(app_link(apps.links(), id)),
            inclusion,
            unknown: unknown_fields(app),
            ..Container::new(code, APP, id.as_str(), name)?
        };
        let listed = app.filter(|app| app.source == FactsSource::AppList);
        Ok(match listed {
            Some(app) => self.with_details(container, app),
            None => container,
        })
    }

    /// Adds the fields that only the list of apps contains.
    fn with_details(&self, container: Container, app: &AppFacts) -> Container {
        let owners = self.surroundings.owners;
        let properties = app.custom_properties.iter();
        Container {
            contacts: match app.is_ignored("owner") {
                true => Contacts::Unknown,
                false => owners.contacts(app.owner.as_deref(), AppOwner::Unwanted),
            },
            description: (!app.description.is_empty()).then(|| app.description.to_string()),
            created: app.dates.created.instant(),
            modified: app.dates.modified.instant(),
            published: app.dates.published.instant(),
            refreshed: app.dates.reloaded.instant(),
            tags: app.tags.to_vec(),
            custom_properties: properties
                .map(|property| CustomProperty {
                    name: property.name().to_owned(),
                    value: property.value().to_owned(),
                })
                .collect(),
            ..container
        }
    }

    /// Creates a stream. The list of apps contains only its id and name.
    fn stream(&self, id: &str, name: &str, inclusion: Inclusion) -> Result<Container, InvalidKey> {
        let Surroundings { code, apps, .. } = self.surroundings;
        Ok(Container {
            link: Some(stream_link(apps.links(), id)),
            inclusion,
            unknown: DETAILS.to_vec(),
            ..Container::new(code, STREAM, id, name)?
        })
    }
}

/// The fields that only the container's own record contains.
const DETAILS: [ContainerField; 7] = [
    ContainerField::Description,
    ContainerField::Created,
    ContainerField::Modified,
    ContainerField::Published,
    ContainerField::Refreshed,
    ContainerField::Tags,
    ContainerField::CustomProperties,
];

/// The fields of an app that could not be read.
fn unknown_fields(app: Option<&AppFacts>) -> Vec<ContainerField> {
    let Some(app) = app else {
        let all = [ContainerField::Name, ContainerField::Parent];
        return all.into_iter().chain(DETAILS).collect();
    };
    let mut unknown = Vec::new();
    let mut note = |field, is_unknown: bool| unknown.extend(is_unknown.then_some(field));
    note(ContainerField::Name, app.is_ignored("name"));
    note(ContainerField::Parent, stream_is_unknown(app));
    if app.source != FactsSource::AppList {
        unknown.extend(DETAILS);
        return unknown;
    }
    note(ContainerField::Description, app.is_ignored("description"));
    for (field, date) in [
        (ContainerField::Created, app.dates.created),
        (ContainerField::Modified, app.dates.modified),
        (ContainerField::Published, app.dates.published),
        (ContainerField::Refreshed, app.dates.reloaded),
    ] {
        note(field, date == Date::Unknown);
    }
    note(ContainerField::Tags, app.is_ignored("tags"));
    let field = ContainerField::CustomProperties;
    note(field, app.is_ignored("customProperties"));
    unknown
}

/// Whether it is unknown which stream an app is in.
fn stream_is_unknown(app: &AppFacts) -> bool {
    app.is_ignored("stream") || (app.stream.is_some() && app.stream_id.is_none())
}

impl<'a> Streams<'a> {
    /// Adds the stream of an app. If two apps name one stream differently, the result does not depend on their order.
    fn add(&mut self, app: &'a AppFacts, inclusion: Inclusion) {
        let Some(id) = app.stream_id.as_deref() else {
            return;
        };
        let name = app.stream.as_deref().unwrap_or_default();
        let stream = self.0.entry(id).or_insert((name, inclusion));
        *stream = (stream.0.max(name), together(stream.1, inclusion));
    }
}

/// Sends a container, unless it has no id and therefore no key.
async fn send(
    sink: &mut dyn ScanSink,
    container: Result<Container, InvalidKey>,
) -> Result<(), SinkError> {
    let Ok(container) = container else {
        return Ok(());
    };
    sink.ready().await?;
    sink.observe(Observation::Container(Box::new(container)))
}

#[cfg(test)]
mod tests {
    use catalog_model::{ConnectionCode, contract::Recorder};
    use qrs_client::SiteUrl;

    use super::*;
    use crate::{
        items::apps::{Apps, WithOwners},
        people::addresses::Addresses,
        people::owners::Owners,
    };

    #[tokio::test]
    async fn an_unreadable_app_exists_and_its_stream_may_be_hidden() {
        let links = SiteUrl::parse("https://qlik.example.com").unwrap();
        let code = ConnectionCode::new("qlik").unwrap();
        let mut apps = Apps::new(code.clone(), links, WithOwners::No);
        apps.add_unreadable(Some("a-1"));
        let addresses = Addresses::default();
        let containers = Containers {
            surroundings: &Surroundings {
                code: &code,
                apps: &apps,
                owners: &Owners::unreadable(&addresses),
            },
            filter: None,
            sheets: SheetsOfApps::default(),
            all_sheets: AllSheets::Seen,
        };
        let mut seen = Recorder::default();
        containers.deliver(&mut seen).await.unwrap();
        let [app] = &seen.containers[..] else {
            panic!("{:?}", seen.containers);
        };
        assert_eq!(app.key.as_str(), "qlik/app:a-1");
        assert_eq!(app.inclusion, Inclusion::Included);
        assert!(app.unknown.contains(&ContainerField::Name));
        assert!(app.unknown.contains(&ContainerField::Parent));
        assert_eq!(seen.hidden_containers, [STREAM]);
    }
}
