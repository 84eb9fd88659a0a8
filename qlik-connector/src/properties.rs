//! The properties of a sheet, by the names and labels under which a catalog knows them.

use catalog_model::{PropertyDefinition, PropertyKind};

macro_rules! properties {
    ($($constant:ident = $name:literal, $label:literal, $kind:ident;)*) => {
        $(pub(crate) const $constant: &str = $name;)*

        /// All properties, in the order in which people want to see them. The first five are the reference's.
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
    SHEET_STATUS = "sheet_status", "Sheet Status", Text;
    TAGS = "tags", "Tags", Tags;
    APPLICATION_ID = "application_id", "Application Id", Text;
    APPLICATION_DESCRIPTION = "application_description", "Application Description", LongText;
    APPLICATION_TAGS = "application_tags", "Application Tags", Tags;
    APPLICATION_RELOAD_DATE = "application_reload_date", "Application Reload Date", Instant;
    APPLICATION_CUSTOM_PROPERTIES = "application_custom_properties", "Application Custom Properties", Tags;
}
