//! The parts of records that a scan reads. The types of `qrs-client` also keep all unknown fields, which takes longer than
//! reading these.

use qrs_client::{StreamId, UserId, lenient};
use serde::Deserialize;

qrs_client::objects_only!(
    Owner,
    Stream,
    Tag,
    CustomProperty,
    PropertyDefinition,
    UserAttribute,
);

/// The owner of an app or a sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct Owner {
    pub(crate) id: UserId,
    #[serde(deserialize_with = "lenient::identifier")]
    pub(crate) user_id: String,
    #[serde(deserialize_with = "lenient::identifier")]
    pub(crate) user_directory: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
}

/// The stream of an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Stream {
    pub(crate) id: StreamId,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
}

/// A tag of an app or a sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Tag {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
}

/// A value of a custom property of an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct CustomProperty {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) value: String,
    pub(crate) definition: Option<PropertyDefinition>,
}

/// The custom property of a value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct PropertyDefinition {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
}

/// An attribute of a user from a directory.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct UserAttribute {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) attribute_type: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) attribute_value: String,
}
