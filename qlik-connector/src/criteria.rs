//! What a filter may ask of a sheet, and what the sheet answers. Pure.

use std::{borrow::Cow, ops::ControlFlow};

use catalog_model::{
    PropertyValue, Visualization,
    filter::{Criterion, CriterionId, CriterionKind, Subject},
};

use crate::{
    apps::AppFacts,
    properties::{CREATION_DATE, MODIFICATION_DATE, OWNER, SHEET_STATUS},
    records::Sheet,
};

/// All that can be asked; a [`CriterionId`] is a place in this list.
pub(crate) const CRITERIA: &[Criterion] = &[
    text("stream", "the name of the stream"),
    text("stream_id", "the id of the stream"),
    text("app", "the name of the application"),
    text("app_id", "the id of the application"),
    text("sheet", "the name of the sheet"),
    text("sheet_id", "the id of the sheet, as in its key"),
    text("owner", "the owner, `DIRECTORY\\user`"),
    text("owner_directory", "the directory of the owner"),
    text("published", "whether the sheet is published"),
    text("approved", "whether the sheet is approved"),
    text("sheet_status", "the status of the sheet"),
    text("created", "when the sheet was created"),
    text("modified", "when the sheet was changed last"),
    text("reloaded", "when the application was reloaded last"),
    list("tag", "the tags of the sheet"),
    list("app_tag", "the tags of the application"),
    Criterion {
        name: "custom_property",
        kind: CriterionKind::NamedLists,
        meaning: "the values of a custom property of the application",
    },
];

/// The two lists and the family come last.
const TAG: usize = CRITERIA.len() - 3;
const APP_TAG: usize = CRITERIA.len() - 2;

const fn text(name: &'static str, meaning: &'static str) -> Criterion {
    let kind = CriterionKind::Text;
    Criterion {
        name,
        kind,
        meaning,
    }
}

const fn list(name: &'static str, meaning: &'static str) -> Criterion {
    let kind = CriterionKind::List;
    Criterion {
        name,
        kind,
        meaning,
    }
}

/// A sheet as filters see it: its record, the item that became of it, and its app.
pub(crate) struct AskedSheet<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) item: &'a Visualization,
    pub(crate) app: &'a AppFacts,
}

impl<'a> AskedSheet<'a> {
    /// A property of the item, as text.
    fn property(&self, name: &str) -> Option<Cow<'a, str>> {
        match self.item.properties.get(name)? {
            PropertyValue::Text(text) => Some(text.as_str().into()),
            PropertyValue::Instant(instant) => Some(instant.to_string().into()),
            _ => None,
        }
    }

    fn app_id(&self) -> &'a str {
        let said = self.sheet.app.as_ref();
        said.map_or("", |app| app.id.as_str())
    }

    fn owner_directory(&self) -> Option<&'a str> {
        let owner = self.sheet.owner.as_ref()?;
        (!owner.user_directory.is_empty()).then_some(owner.user_directory.as_str())
    }
}

impl Subject for AskedSheet<'_> {
    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        let Self { sheet, app, .. } = *self;
        match CRITERIA.get(criterion.0)?.name {
            "stream" => app.stream.as_deref().map(Cow::from),
            "stream_id" => app.stream_id.as_deref().map(Cow::from),
            "app" => Some(Cow::from(&*app.name)),
            "app_id" => Some(self.app_id().into()),
            "sheet" => Some(sheet.name.as_str().into()),
            "sheet_id" => Some(sheet.engine_object_id.as_str().into()),
            "owner" => self.property(OWNER),
            "owner_directory" => self.owner_directory().map(Cow::from),
            "published" => Some(truth(sheet.published).into()),
            "approved" => Some(truth(sheet.approved).into()),
            "sheet_status" => self.property(SHEET_STATUS),
            "created" => self.property(CREATION_DATE),
            "modified" => self.property(MODIFICATION_DATE),
            "reloaded" => app.reloaded.map(|instant| instant.to_string().into()),
            _ => None,
        }
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        // Nothing is left to do when a visitor has seen enough.
        let _ = match (criterion.0, name) {
            (TAG, _) => (self.sheet.tags.iter()).try_for_each(|tag| visit(&tag.name)),
            (APP_TAG, _) => self.app.tags.iter().try_for_each(|tag| visit(tag)),
            (_, Some(name)) => (self.app.custom_properties.iter())
                .filter_map(|written| written.strip_prefix(name)?.strip_prefix('='))
                .try_for_each(visit),
            _ => ControlFlow::Continue(()),
        };
    }
}

fn truth(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_stand_where_they_are_looked_for() {
        assert_eq!(CRITERIA[TAG].name, "tag");
        assert_eq!(CRITERIA[APP_TAG].name, "app_tag");
        for (number, criterion) in CRITERIA.iter().enumerate() {
            assert_eq!(criterion.kind == CriterionKind::Text, number < TAG);
        }
    }
}
