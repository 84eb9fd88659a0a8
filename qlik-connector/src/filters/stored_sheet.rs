//! The item of a sheet in a catalog as filters see it. Nothing here sends requests.

use std::{borrow::Cow, ops::ControlFlow};

use catalog_model::{
    PropertyValue, Visualization,
    filter::{CriterionId, Subject},
};

use crate::{
    filters::criteria::{Fact, truth},
    items::status::Status,
    records::texts::is_cut,
    schema::properties::{
        APPLICATION_CUSTOM_PROPERTIES, APPLICATION_DESCRIPTION, APPLICATION_NAME,
        APPLICATION_RELOAD_DATE, APPLICATION_TAGS, CREATION_DATE, MODIFICATION_DATE, OWNER,
        SHEET_STATUS, STREAM, TAGS,
    },
};

/// The properties that only the list of apps contains. An item without any of them may belong to an app that could not
/// be read.
const OF_LIST_OF_APPS: [&str; 4] = [
    APPLICATION_DESCRIPTION,
    APPLICATION_TAGS,
    APPLICATION_RELOAD_DATE,
    APPLICATION_CUSTOM_PROPERTIES,
];

/// An item of a catalog as filters see it.
pub(crate) struct StoredSheet<'a>(pub(crate) &'a Visualization);

impl StoredSheet<'_> {
    fn property(&self, name: &str) -> Option<&str> {
        match self.0.properties.get(name)? {
            PropertyValue::Text(text) => Some(text),
            _ => None,
        }
    }

    fn date(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.0.properties.get(name)? {
            PropertyValue::Instant(date) => Some(date.to_string().into()),
            _ => None,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.properties.get(name).is_some()
    }

    fn texts(&self, name: &str) -> &[String] {
        match self.0.properties.get(name) {
            Some(PropertyValue::Tags(texts)) => texts,
            _ => &[],
        }
    }

    fn status(&self) -> Option<Status> {
        Status::from_word(self.property(SHEET_STATUS)?)
    }

    /// Returns a part of its key, after the connection's code.
    fn part(&self, number: usize) -> Option<Cow<'_, str>> {
        self.0.key.parts().nth(number).map(Cow::from)
    }
}

impl Subject for StoredSheet<'_> {
    fn knows(&self, criterion: CriterionId) -> bool {
        let Some(fact) = Fact::from_id(criterion) else {
            return true;
        };
        match fact {
            Fact::StreamId => false,
            Fact::Published => self.status().and_then(Status::published).is_some(),
            Fact::Approved => self.status().and_then(Status::approved).is_some(),
            // A missing date may mean "never", or a date that could not be read.
            Fact::Created => self.has(CREATION_DATE),
            Fact::Modified => self.has(MODIFICATION_DATE),
            Fact::Reloaded => self.has(APPLICATION_RELOAD_DATE),
            Fact::AppTag | Fact::CustomProperty => {
                let texts =
                    [APPLICATION_TAGS, APPLICATION_CUSTOM_PROPERTIES].map(|name| self.texts(name));
                let cut = texts
                    .iter()
                    .any(|texts| texts.iter().any(|text| is_cut(text)));
                !cut && OF_LIST_OF_APPS.iter().any(|name| self.has(name))
            }
            Fact::Sheet => !is_cut(&self.0.name),
            Fact::App => !self.property(APPLICATION_NAME).is_some_and(is_cut),
            Fact::Stream => !self.property(STREAM).is_some_and(is_cut),
            Fact::Tag => !self.texts(TAGS).iter().any(|tag| is_cut(tag)),
            _ => true,
        }
    }

    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        match Fact::from_id(criterion)? {
            Fact::Stream => self.property(STREAM).map(Cow::from),
            // An item does not show an empty name.
            Fact::App => Some(self.property(APPLICATION_NAME).unwrap_or_default().into()),
            Fact::AppId => self.part(1),
            Fact::Sheet => Some(self.0.name.as_str().into()),
            Fact::SheetId => self.part(2),
            Fact::Owner => self.property(OWNER).map(Cow::from),
            Fact::OwnerDirectory => {
                let (directory, _) = self.property(OWNER)?.split_once('\\')?;
                Some(directory.into())
            }
            Fact::Published => Some(truth(self.status()?.published()?).into()),
            Fact::Approved => Some(truth(self.status()?.approved()?).into()),
            Fact::SheetStatus => self.property(SHEET_STATUS).map(Cow::from),
            Fact::Created => self.date(CREATION_DATE),
            Fact::Modified => self.date(MODIFICATION_DATE),
            Fact::Reloaded => self.date(APPLICATION_RELOAD_DATE),
            Fact::StreamId | Fact::Tag | Fact::AppTag | Fact::CustomProperty => None,
        }
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        // The visitor may stop early.
        let _ = match (Fact::from_id(criterion), name) {
            (Some(Fact::Tag), _) => self.texts(TAGS).iter().try_for_each(|tag| visit(tag)),
            (Some(Fact::AppTag), _) => {
                let tags = self.texts(APPLICATION_TAGS);
                tags.iter().try_for_each(|tag| visit(tag))
            }
            // An item shows `name=value`.
            (Some(Fact::CustomProperty), Some(name)) => self
                .texts(APPLICATION_CUSTOM_PROPERTIES)
                .iter()
                .filter_map(|written| written.strip_prefix(name)?.strip_prefix('='))
                .try_for_each(visit),
            _ => ControlFlow::Continue(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use catalog_model::{Contacts, ItemKey, Precedence, Properties, contract::check_subject};

    use super::*;
    use crate::filters::criteria::CRITERIA;

    #[test]
    fn a_stored_sheet_keeps_the_contract() {
        let mut item = Visualization {
            key: ItemKey::new(["code", "app", "sheet"]).unwrap(),
            container: None,
            label: Vec::new(),
            name: "Sheet".to_owned(),
            description: None,
            contacts: Contacts::Unknown,
            catalog: None,
            precedence: Precedence::default(),
            properties: Properties::default(),
        };
        let of_app = ["reloaded", "app_tag", "custom_property"];
        let of_sheet = ["stream_id", "published", "approved", "created", "modified"];
        let unknown = [&of_app[..], &of_sheet].concat();
        assert_eq!(
            check_subject(&StoredSheet(&item), CRITERIA, &unknown),
            Ok(())
        );
        let texts = |texts: [&str; 2]| PropertyValue::Tags(texts.map(str::to_owned).to_vec());
        item.properties.put(TAGS, texts(["a", "b"]));
        item.properties.put(APPLICATION_TAGS, texts(["a", "b"]));
        let departments = texts(["Department=x", "Department=y"]);
        item.properties
            .put(APPLICATION_CUSTOM_PROPERTIES, departments);
        let unknown = [&of_app[..1], &of_sheet].concat();
        assert_eq!(
            check_subject(&StoredSheet(&item), CRITERIA, &unknown),
            Ok(())
        );
    }
}
