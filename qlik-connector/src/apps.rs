//! What a scan remembers of each app while it reads the sheets.

use std::{borrow::Cow, collections::HashMap};

use catalog_model::Instant;
use qrs_client::{AppId, CustomProperty, Stream};

use crate::{
    dates::Dates,
    lower::names,
    records::{App, Sheet},
};

/// The apps by id. An app takes some 300 bytes and the length of its description.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    by_id: HashMap<AppId, AppFacts>,
}

/// What is remembered of an app.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppFacts {
    pub(crate) name: Box<str>,
    pub(crate) description: Box<str>,
    pub(crate) published: bool,
    /// The name of its stream.
    pub(crate) stream: Option<Box<str>>,
    pub(crate) reloaded: Option<Instant>,
    pub(crate) tags: Box<[String]>,
    /// `name=value`.
    pub(crate) custom_properties: Box<[String]>,
}

impl Apps {
    pub(crate) fn add(&mut self, app: App, dates: &mut Dates) {
        let facts = AppFacts {
            name: app.name.into(),
            description: app.description.into(),
            published: app.published,
            stream: app.stream.as_ref().and_then(stream_name),
            reloaded: dates.lower(&app.last_reload_time, "reload date", app.id.as_str()),
            tags: names(&app.tags).into(),
            custom_properties: app.custom_properties.iter().map(written).collect(),
        };
        self.by_id.insert(app.id, facts);
    }

    /// The app of `sheet`: as the list of apps has it, else as the sheet itself says.
    pub(crate) fn of(&self, sheet: &Sheet) -> Cow<'_, AppFacts> {
        let Some(said) = &sheet.app else {
            return Cow::Owned(AppFacts::default());
        };
        self.by_id.get(&said.id).map_or_else(
            || {
                Cow::Owned(AppFacts {
                    name: said.name.as_str().into(),
                    published: said.published,
                    stream: said.stream.as_ref().and_then(stream_name),
                    ..AppFacts::default()
                })
            },
            Cow::Borrowed,
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

fn stream_name(stream: &Stream) -> Option<Box<str>> {
    (!stream.name.is_empty()).then(|| stream.name.as_str().into())
}

fn written(property: &CustomProperty) -> String {
    let name = property
        .definition
        .as_ref()
        .map_or("", |definition| definition.name.as_str());
    format!("{name}={}", property.value)
}
