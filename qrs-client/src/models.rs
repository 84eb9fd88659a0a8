//! The records of QRS. Every field may be missing or null, and unknown fields are ignored, because fields differ between
//! versions.
//!
//! The names are those of QRS (`createdDate` is `created_date`), so that Qlik's reference applies.

use serde::Deserialize;

use crate::id::{AppId, AppObjectId, EngineObjectId, StreamId, UserId};
use crate::lenient;
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

/// A site's version and configuration, from `/qrs/about`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
}

/// An app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
    pub stream: Option<Stream>,
    /// Its size in bytes, if known.
    #[serde(deserialize_with = "lenient::size")]
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
}

/// An object of an app: a sheet, a story, a bookmark, a measure, or any other `object_type`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
    pub app: Option<AppOfObject>,
    /// Its id in the app, as in links to sheets.
    pub engine_object_id: EngineObjectId,
    /// Changes with its content; arbitrary printable US-ASCII.
    #[serde(deserialize_with = "lenient::text")]
    pub content_hash: String,
    /// Its size in bytes, if known.
    #[serde(deserialize_with = "lenient::size")]
    pub size: Option<u64>,
}

/// The app of an app object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
    pub stream: Option<Stream>,
}

/// The owner of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
}

/// An attribute of a user from a directory. The names of the types are the directory's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct UserAttribute {
    /// The type of the attribute, such as `email` or `mail`.
    #[serde(deserialize_with = "lenient::text")]
    pub attribute_type: String,
    /// The value.
    #[serde(deserialize_with = "lenient::text")]
    pub attribute_value: String,
}

/// A stream, as a separate record and as a part of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its owner, only if the stream is a separate record.
    pub owner: Option<Owner>,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Tag {
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
}

/// One value of a custom property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct CustomProperty {
    /// The value.
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
    /// The definition of the property.
    pub definition: Option<CustomPropertyDefinition>,
}

/// A custom property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct CustomPropertyDefinition {
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_of_nulls_unknown_fields_or_nothing_is_read() {
        let names = [
            "id",
            "owner",
            "name",
            "app",
            "tags",
            "size",
            "published",
            "approved",
            "publishTime",
            "stream",
            "attributes",
            "customProperties",
            "engineObjectId",
            "fileSize",
            "nodeType",
        ];
        let nulls: serde_json::Map<_, _> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(null)))
            .collect();
        for record in [json!({}), json!(nulls), json!({"unheardOf": [{"a": 1}]})] {
            assert_eq!(App::deserialize(&record).unwrap(), App::default());
            assert_eq!(
                AppObject::deserialize(&record).unwrap(),
                AppObject::default()
            );
            assert_eq!(User::deserialize(&record).unwrap(), User::default());
            assert_eq!(Stream::deserialize(&record).unwrap(), Stream::default());
            assert_eq!(About::deserialize(&record).unwrap(), About::default());
        }
    }

    #[test]
    fn an_array_is_refused_as_a_record_at_any_depth() {
        let array = "[]";
        assert!(serde_json::from_str::<About>(array).is_err());
        assert!(serde_json::from_str::<App>(array).is_err());
        assert!(serde_json::from_str::<AppObject>(array).is_err());
        assert!(serde_json::from_str::<User>(array).is_err());
        assert!(serde_json::from_str::<Stream>(array).is_err());
        assert!(serde_json::from_str::<Option<App>>(array).is_err());
        for nested in [
            r#"{"owner":[]}"#,
            r#"{"stream":["id"]}"#,
            r#"{"tags":[[]]}"#,
            r#"{"customProperties":[{"definition":[]}]}"#,
        ] {
            assert!(serde_json::from_str::<App>(nested).is_err(), "{nested}");
        }
    }

    #[test]
    fn a_sheet_is_read_with_its_app_and_owner() {
        let sheet = AppObject::deserialize(json!({
            "id": "o-1", "objectType": "sheet", "name": "Overview", "approved": true,
            "engineObjectId": "JDWuPK", "size": -1, "publishTime": "1753-01-01T00:00:00Z",
            "owner": {"id": "u-1", "userId": "dana", "userDirectory": "ACME", "name": null},
            "app": {"id": "a-1", "name": "Sales", "stream": {"id": "s-1", "name": "Everyone"}},
            "tags": [{"id": "t-1", "name": "kpi"}, null],
        }))
        .unwrap();
        assert_eq!(sheet.engine_object_id.as_str(), "JDWuPK");
        assert_eq!(sheet.size, None);
        assert!(sheet.approved && !sheet.published && sheet.publish_time.is_never());
        assert_eq!(sheet.owner.unwrap().user_id, "dana");
        assert_eq!(sheet.app.unwrap().stream.unwrap().name, "Everyone");
        assert_eq!(sheet.tags.len(), 1);
    }

    #[test]
    fn an_app_and_a_user_are_read_with_their_lists() {
        let app = App::deserialize(json!({
            "fileSize": 52_428_800, "lastReloadTime": null,
            "customProperties": [{"value": "Production", "definition": {"name": "Environment"}}],
        }))
        .unwrap();
        let property = &app.custom_properties[0];
        assert_eq!(property.value, "Production");
        assert_eq!(property.definition.as_ref().unwrap().name, "Environment");
        assert_eq!(app.file_size, Some(52_428_800));
        let user = User::deserialize(json!({
            "attributes": [{"attributeType": "Email", "attributeValue": "d@acme.example"}],
        }))
        .unwrap();
        assert_eq!(user.attributes[0].attribute_value, "d@acme.example");
    }
}
