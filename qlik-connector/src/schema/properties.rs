//! The properties of a sheet, with their names and labels in a catalog.

use catalog_model::{FieldRevision, PropertyDefinition, PropertyKind};

macro_rules! properties {
    ($($constant:ident = $name:literal, $label:literal, $kind:ident;)*) => {
        $(pub(crate) const $constant: &str = $name;)*

        /// All properties, in the order in which they are shown. The first five are those of the Zeenea scanner.
        pub(crate) const ALL: &[PropertyDefinition] = &[
            $(PropertyDefinition { name: $name, label: $label, kind: PropertyKind::$kind },)*
        ];
    };
}

properties! {
    APPLICATION_NAME = "application_name", "Application Name", Text;
    SHEET_URL = "sheet_url", "Sheet Url", Url;
    CREATION_DATE = "creation_date", "Creation Date", Instant;
    MODIFICATION_DATE = "modification_date", "Modification Date", Instant;
    PUBLISH_DATE = "publish_date", "Publish Date", Instant;
    STREAM = "stream", "Stream", Text;
    OWNER = "owner", "Owner", Text;
    OWNER_STATUS = "owner_status", "Owner Status", Text;
    SHEET_STATUS = "sheet_status", "Sheet Status", Text;
    TAGS = "tags", "Tags", Tags;
    APPLICATION_ID = "application_id", "Application Id", Text;
    APPLICATION_DESCRIPTION = "application_description", "Application Description", LongText;
    APPLICATION_TAGS = "application_tags", "Application Tags", Tags;
    APPLICATION_RELOAD_DATE = "application_reload_date", "Application Reload Date", Instant;
    APPLICATION_CUSTOM_PROPERTIES = "application_custom_properties", "Application Custom Properties", Tags;
}

/// The field of contacts.
const CONTACTS: &str = "contacts";

/// The first revision of [`CONTACTS`] with addresses from user ids and with statuses.
pub(crate) const ADDRESS_FROM_ID: u32 = 2;

/// The fields that were added, or changed their meaning, after the first version. Add each new property of [`ALL`]
/// here, and each field that `lower` computes differently from the same record. Otherwise the first scan after an
/// upgrade reports every item as changed.
pub(crate) const REVISIONS: &[FieldRevision] = &[
    revision(CONTACTS, ADDRESS_FROM_ID),
    revision(OWNER_STATUS, 2),
];

const fn revision(field: &'static str, revision: u32) -> FieldRevision {
    FieldRevision { field, revision }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The properties of the first version.
    const FIRST: [&str; 14] = [
        APPLICATION_NAME,
        SHEET_URL,
        CREATION_DATE,
        MODIFICATION_DATE,
        PUBLISH_DATE,
        STREAM,
        OWNER,
        SHEET_STATUS,
        TAGS,
        APPLICATION_ID,
        APPLICATION_DESCRIPTION,
        APPLICATION_TAGS,
        APPLICATION_RELOAD_DATE,
        APPLICATION_CUSTOM_PROPERTIES,
    ];

    #[test]
    fn every_property_that_is_not_of_the_first_version_has_a_revision() {
        for PropertyDefinition { name, .. } in ALL {
            let revised = REVISIONS.iter().find(|revised| revised.field == *name);
            assert!(FIRST.contains(name) || revised.is_some(), "{name}");
        }
        for FieldRevision { field, revision } in REVISIONS {
            assert!(*revision > 1, "{field}: 1 is the first version");
        }
    }
}
