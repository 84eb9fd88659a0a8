//! The records of QRS. Every field may be missing or null, and unknown fields are kept as they are, because fields differ
//! between versions. A record that was read and is written again loses nothing.
//!
//! The names are those of QRS (`createdDate` is `created_date`), so that Qlik's reference applies.

mod administration;
mod tasks;

use serde::{Deserialize, Serialize};

pub use administration::{ContentLibrary, DataConnection, Extension, License, Node, SystemRule};
pub use tasks::{AppOfTask, ExecutionResult, ExecutionStatus, Operational, ReloadTask, Task};

use crate::id::{
    AppId, AppObjectId, CustomPropertyDefinitionId, CustomPropertyId, EngineObjectId, StreamId,
    TagId, UserAttributeId, UserId,
};
use crate::lenient::{self, Extra};
use crate::object::serialize_by_field;
use crate::objects_only;
use crate::timestamp::Timestamp;

objects_only!(
    About,
    App,
    AppObject,
    AppOfObject,
    Owner,
    User,
    UserAttribute,
    Stream,
    Tag,
    CustomProperty,
    CustomPropertyDefinition,
);

serialize_by_field!(
    About,
    App,
    AppObject,
    AppOfObject,
    Owner,
    User,
    UserAttribute,
    Stream,
    Tag,
    CustomProperty,
    CustomPropertyDefinition,
);

/// A site's version and configuration, from `/qrs/about`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct About {
    /// The version of the repository, such as `31.62.0.0`.
    #[serde(deserialize_with = "lenient::line")]
    pub build_version: String,
    /// When that version was built, as the site writes it.
    #[serde(deserialize_with = "lenient::line")]
    pub build_date: String,
    /// The database behind the repository.
    #[serde(deserialize_with = "lenient::line")]
    pub database_provider: String,
    /// The kind of the node that answered.
    #[serde(deserialize_with = "lenient::or_default")]
    pub node_type: i64,
    /// Whether the nodes share their storage.
    #[serde(deserialize_with = "lenient::or_default")]
    pub shared_persistence: bool,
    /// Whether the site has only one node.
    #[serde(deserialize_with = "lenient::or_default")]
    pub single_node_only: bool,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// An app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Who modified it, as `directory\user`.
    #[serde(deserialize_with = "lenient::text")]
    pub modified_by_user_name: String,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// When it was published.
    pub publish_time: Timestamp,
    /// Whether it is published to a stream.
    #[serde(deserialize_with = "lenient::or_default")]
    pub published: bool,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Its description by its owner.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// The stream that it is published to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Its size in bytes, if known.
    #[serde(
        deserialize_with = "lenient::size",
        skip_serializing_if = "Option::is_none"
    )]
    pub file_size: Option<u64>,
    /// When its data was last loaded.
    pub last_reload_time: Timestamp,
    /// The path of its picture.
    #[serde(deserialize_with = "lenient::text")]
    pub thumbnail: String,
    /// The version of Qlik Sense that saved it.
    #[serde(deserialize_with = "lenient::text")]
    pub saved_in_product_version: String,
    /// The values of its custom properties.
    #[serde(deserialize_with = "lenient::list")]
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// An object of an app: a sheet, a story, a bookmark, a measure, or any other `object_type`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct AppObject {
    /// Its id in the repository.
    pub id: AppObjectId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Who modified it, as `directory\user`.
    #[serde(deserialize_with = "lenient::text")]
    pub modified_by_user_name: String,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Its description by its owner.
    #[serde(deserialize_with = "lenient::text")]
    pub description: String,
    /// Its type: `sheet`, `story`, `bookmark`, `masterobject` and many more.
    #[serde(deserialize_with = "lenient::text")]
    pub object_type: String,
    /// When it was published.
    pub publish_time: Timestamp,
    /// Whether others see it. False in an app that is not published.
    #[serde(deserialize_with = "lenient::or_default")]
    pub published: bool,
    /// Whether it belongs to the app as it was published, or was approved since.
    #[serde(deserialize_with = "lenient::or_default")]
    pub approved: bool,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// Its name, which may be empty and need not be unique in its app.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The app that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppOfObject>,
    /// Its id in the app, as in links to sheets.
    pub engine_object_id: EngineObjectId,
    /// Changes with its content; arbitrary printable US-ASCII.
    #[serde(deserialize_with = "lenient::text")]
    pub content_hash: String,
    /// Its size in bytes, if known.
    #[serde(
        deserialize_with = "lenient::size",
        skip_serializing_if = "Option::is_none"
    )]
    pub size: Option<u64>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// The app of an app object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct AppOfObject {
    /// The app's id.
    pub id: AppId,
    /// The app's name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// When the app was published.
    pub publish_time: Timestamp,
    /// Whether the app is published to a stream.
    #[serde(deserialize_with = "lenient::or_default")]
    pub published: bool,
    /// The stream that the app is published to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// The owner of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Owner {
    /// The user's id in the repository.
    pub id: UserId,
    /// The name that the user logs in with.
    #[serde(deserialize_with = "lenient::identifier")]
    pub user_id: String,
    /// The directory that the user belongs to.
    #[serde(deserialize_with = "lenient::identifier")]
    pub user_directory: String,
    /// The user's name for people.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct User {
    /// The id in the repository.
    pub id: UserId,
    /// The name that the user logs in with.
    #[serde(deserialize_with = "lenient::identifier")]
    pub user_id: String,
    /// The directory that the user belongs to.
    #[serde(deserialize_with = "lenient::identifier")]
    pub user_directory: String,
    /// The name for people.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Attributes from the directory, such as an e-mail address.
    #[serde(deserialize_with = "lenient::list")]
    pub attributes: Vec<UserAttribute>,
    /// Whether the account is switched off.
    #[serde(deserialize_with = "lenient::or_default")]
    pub inactive: bool,
    /// Whether an administrator has blocked the account.
    #[serde(deserialize_with = "lenient::or_default")]
    pub blacklisted: bool,
    /// Whether the user no longer exists in the directory that the user came from.
    #[serde(deserialize_with = "lenient::or_default")]
    pub removed_externally: bool,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// An attribute of a user from a directory. The names of the types are the directory's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct UserAttribute {
    /// Its id; empty for an attribute that is not stored yet.
    #[serde(skip_serializing_if = "UserAttributeId::is_empty")]
    pub id: UserAttributeId,
    /// The type of the attribute, such as `email` or `mail`.
    #[serde(deserialize_with = "lenient::text")]
    pub attribute_type: String,
    /// The value.
    #[serde(deserialize_with = "lenient::text")]
    pub attribute_value: String,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A stream, as a separate record and as a part of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its owner, only if the stream is a separate record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// One value of a custom property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct CustomProperty {
    /// Its id.
    pub id: CustomPropertyId,
    /// The value.
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
    /// The definition of the property.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<CustomPropertyDefinition>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A custom property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct CustomPropertyDefinition {
    /// Its id.
    pub id: CustomPropertyDefinitionId,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

#[cfg(test)]
mod tests;
