//! The records of QRS. Every field may be missing or null, and unknown fields are kept as they are, because fields differ
//! between versions. A record that was read and is written again loses nothing.
//!
//! The names are those of QRS (`createdDate` is `created_date`), so that Qlik's reference applies.

mod administration;

use serde::{Deserialize, Serialize};

pub use administration::{
    AppOfTask, ContentLibrary, DataConnection, ExecutionResult, ExecutionStatus, Extension,
    License, Node, Operational, ReloadTask, SystemRule, Task,
};

use crate::id::{
    AppId, AppObjectId, CustomPropertyDefinitionId, CustomPropertyId, EngineObjectId, StreamId,
    TagId, UserId,
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
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_of_nulls_or_nothing_is_read() {
        /// Reads a record in which each field is null, and one without fields.
        fn check<T>()
        where
            T: Default + Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
        {
            let default = serde_json::to_value(T::default()).unwrap();
            let names = default.as_object().unwrap().keys().cloned();
            let optional = ["owner", "app", "stream", "size", "fileSize", "definition"];
            let names = names.filter(|name| !optional.contains(&name.as_str()));
            let nulls: Extra = names.map(|name| (name, json!(null))).collect();
            for record in [json!({}), json!(nulls)] {
                assert_eq!(T::deserialize(&record).unwrap(), T::default());
            }
        }
        check::<App>();
        check::<AppObject>();
        check::<User>();
        check::<Stream>();
        check::<About>();
        let nulls = json!({"owner": null, "stream": null, "fileSize": null});
        assert_eq!(App::deserialize(&nulls).unwrap(), App::default());
        let nulls = json!({"owner": null, "app": null, "size": null});
        assert_eq!(
            AppObject::deserialize(&nulls).unwrap(),
            AppObject::default()
        );
    }

    #[test]
    fn a_record_that_is_read_and_written_loses_nothing() {
        let app = json!({
            "id": "a-1", "name": "Sales", "createdDate": "2019-02-15T15:46:20.997Z",
            "modifiedDate": "2019-02-16T15:46:20.997Z", "modifiedByUserName": "ACME\\dana",
            "publishTime": "1753-01-01T00:00:00.000Z", "published": false, "description": "",
            "fileSize": 5, "lastReloadTime": "1753-01-01T00:00:00.000Z", "thumbnail": "",
            "savedInProductVersion": "12.1", "migrationHash": "f00", "dynamicColor": null,
            "owner": {"id": "u-1", "userId": "dana", "userDirectory": "ACME", "name": "Dana",
                "privileges": null},
            "tags": [{"id": "t-1", "name": "kpi", "privileges": null}],
            "customProperties": [{"id": "p-1", "value": "Sales", "schemaPath": "CustomPropertyValue",
                "definition": {"id": "d-1", "name": "Department", "choiceValues": ["Sales"]}}],
            "schemaPath": "App",
        });
        let read = App::deserialize(&app).unwrap();
        assert_eq!(read.extra["migrationHash"], "f00");
        assert_eq!(read.tags[0].id.as_str(), "t-1");
        assert_eq!(serde_json::to_value(&read).unwrap(), app);
    }

    #[test]
    fn an_unknown_field_that_is_not_unicode_costs_only_that_field() {
        let json = br#"{"id":"1","name":"n","unknown":"\ud83d","other":1}"#;
        let app: App = lenient::record(json).unwrap();
        assert_eq!((app.name.as_str(), app.extra.len()), ("n", 1));
        assert_eq!(app.extra["other"], 1);
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
