//! The parts of records that a scan reads. The types of `qrs-client` also keep all unknown fields, which takes longer than
//! reading these.

use std::borrow::Cow;

use qrs_client::{StreamId, UserId, lenient};
use serde::Deserialize;

use super::Id;

qrs_client::objects_only!(
    Owner<'a>,
    Stream<'a>,
    Tag<'a>,
    CustomProperty<'a>,
    PropertyDefinition<'a>,
    UserAttribute,
);

/// The owner of an app or a sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct Owner<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a, UserId>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_identifier")]
    pub(crate) user_id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_identifier")]
    pub(crate) user_directory: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
}

/// The stream of an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Stream<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a, StreamId>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
}

/// A tag of an app or a sheet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Tag<'a> {
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
}

/// A value of a custom property of an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct CustomProperty<'a> {
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) value: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) definition: Option<PropertyDefinition<'a>>,
}

/// The custom property of a value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct PropertyDefinition<'a> {
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
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

impl Owner<'_> {
    /// The owner without the response.
    pub(crate) fn into_owned(self) -> Owner<'static> {
        Owner {
            id: self.id.into_owned(),
            user_id: self.user_id.into_owned().into(),
            user_directory: self.user_directory.into_owned().into(),
            name: self.name.into_owned().into(),
        }
    }
}

impl Stream<'_> {
    pub(super) fn into_owned(self) -> Stream<'static> {
        Stream {
            id: self.id.into_owned(),
            name: self.name.into_owned().into(),
        }
    }
}

impl Tag<'_> {
    pub(super) fn into_owned(self) -> Tag<'static> {
        Tag {
            name: self.name.into_owned().into(),
        }
    }
}
