//! An app as filters see it. Nothing here sends requests.

use std::{borrow::Cow, ops::ControlFlow};

use catalog_model::filter::{CriterionId, Subject};

use crate::{
    filters::criteria::Fact,
    items::{
        apps::{AppFacts, FactsSource},
        dates::Date,
    },
    records::texts::is_cut,
};

/// An app as filters see it. Criteria of sheets are unknown.
#[derive(Clone, Copy)]
pub(crate) struct AppSubject<'a> {
    pub(crate) id: &'a str,
    pub(crate) app: &'a AppFacts,
}

impl<'a> AppSubject<'a> {
    /// The text of a criterion, if the app has one.
    pub(crate) fn fact(self, criterion: CriterionId) -> Option<Cow<'a, str>> {
        let app = self.app;
        match Fact::from_id(criterion)? {
            Fact::Stream => app.stream.as_deref().map(Cow::from),
            Fact::StreamId => app.stream_id.as_deref().map(Cow::from),
            Fact::App => Some(Cow::from(&*app.name)),
            Fact::AppId => Some(self.id.into()),
            Fact::Reloaded => Some(app.dates.reloaded.instant()?.to_string().into()),
            _ => None,
        }
    }
}

impl Subject for AppSubject<'_> {
    /// A value is known if its date can be read, its field has the expected type, and its text was not truncated.
    /// Values that only the list of apps contains are known for the apps in it.
    fn knows(&self, criterion: CriterionId) -> bool {
        let app = self.app;
        let listed = app.source == FactsSource::AppList;
        match Fact::from_id(criterion) {
            Some(Fact::App) => !app.is_ignored("name") && !is_cut(&app.name),
            Some(Fact::Stream) => {
                !app.is_ignored("stream") && !app.stream.as_deref().is_some_and(is_cut)
            }
            Some(Fact::StreamId) => !app.is_ignored("stream"),
            Some(Fact::Reloaded) => listed && app.dates.reloaded != Date::Unknown,
            Some(Fact::AppTag) => {
                listed && !app.is_ignored("tags") && !app.tags.iter().any(|tag| is_cut(tag))
            }
            Some(Fact::CustomProperty) => {
                let mut properties = app.custom_properties.iter();
                let mut any_cut =
                    || properties.any(|one| is_cut(one.name()) || is_cut(one.value()));
                listed && !app.is_ignored("customProperties") && !any_cut()
            }
            Some(Fact::AppId) => true,
            _ => false,
        }
    }

    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        self.fact(criterion)
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        // The visitor may stop early.
        let _ = match (Fact::from_id(criterion), name) {
            (Some(Fact::AppTag), _) => self.app.tags.iter().try_for_each(|tag| visit(tag)),
            (Some(Fact::CustomProperty), Some(name)) => (self.app.custom_properties.iter())
                .filter(|property| property.name() == name)
                .try_for_each(|property| visit(property.value())),
            _ => ControlFlow::Continue(()),
        };
    }
}
