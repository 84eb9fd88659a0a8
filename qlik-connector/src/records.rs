//! The fields of QRS records that a scan reads. There are only a few, so that lists are decoded quickly.

use std::borrow::Cow;

use qrs_client::{
    AppId, AppObjectId, EngineObjectId, Lend, Timestamp, UserId,
    lenient::{self, OddFields},
};
use serde::Deserialize;

mod id;
pub(crate) mod ignored_fields;
mod parts;
pub(crate) mod texts;

pub(crate) use id::Id;
pub(crate) use parts::{CustomProperty, Owner, Stream, Tag, UserAttribute};

qrs_client::objects_only!(App<'a>, Sheet<'a>, SheetApp<'a>, User);

impl Lend for App<'_> {
    type Record<'de> = App<'de>;
}

impl Lend for Sheet<'_> {
    type Record<'de> = Sheet<'de>;
}

/// Only digests of users are kept, and they are few.
impl Lend for User {
    type Record<'de> = Self;
}

/// A record with an identity.
pub(crate) trait Identified {
    /// Returns its unique identity in its list, if it has one.
    fn identity(&self) -> Option<Cow<'_, str>>;

    /// Returns its fields that had an unexpected type and were ignored.
    fn odd(&self) -> &OddFields;
}

/// An app of `/qrs/app/full`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct App<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a, AppId>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) description: Cow<'a, str>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) published: bool,
    #[serde(borrow)]
    pub(crate) stream: Option<Stream<'a>>,
    #[serde(borrow)]
    pub(crate) owner: Option<Owner<'a>>,
    pub(crate) created_date: Timestamp,
    pub(crate) modified_date: Timestamp,
    pub(crate) publish_time: Timestamp,
    pub(crate) last_reload_time: Timestamp,
    #[serde(borrow, deserialize_with = "lenient::list")]
    pub(crate) tags: Vec<Tag<'a>>,
    #[serde(borrow, deserialize_with = "lenient::list")]
    pub(crate) custom_properties: Vec<CustomProperty<'a>>,
    #[serde(rename = "$odd")]
    pub(crate) odd: OddFields,
}

/// A sheet of `/qrs/app/object/full`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct Sheet<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a, AppObjectId>,
    #[serde(borrow)]
    pub(crate) engine_object_id: Id<'a, EngineObjectId>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) object_type: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) description: Cow<'a, str>,
    pub(crate) created_date: Timestamp,
    pub(crate) modified_date: Timestamp,
    pub(crate) publish_time: Timestamp,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) published: bool,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) approved: bool,
    #[serde(borrow)]
    pub(crate) owner: Option<Owner<'a>>,
    #[serde(borrow, deserialize_with = "lenient::list")]
    pub(crate) tags: Vec<Tag<'a>>,
    #[serde(borrow)]
    pub(crate) app: Option<SheetApp<'a>>,
    #[serde(rename = "$odd")]
    pub(crate) odd: OddFields,
}

impl Sheet<'_> {
    /// The record without the response.
    pub(crate) fn into_owned(self) -> Sheet<'static> {
        Sheet {
            id: self.id.into_owned(),
            engine_object_id: self.engine_object_id.into_owned(),
            object_type: self.object_type.into_owned().into(),
            name: self.name.into_owned().into(),
            description: self.description.into_owned().into(),
            created_date: self.created_date,
            modified_date: self.modified_date,
            publish_time: self.publish_time,
            published: self.published,
            approved: self.approved,
            owner: self.owner.map(Owner::into_owned),
            tags: self.tags.into_iter().map(Tag::into_owned).collect(),
            app: self.app.map(SheetApp::into_owned),
            odd: self.odd,
        }
    }

    /// Whether the object is a sheet. QRS sends other objects in the same lists, and ignores case, so that a request
    /// for `sheet` also returns `Sheet`. An object without a type was requested as a sheet.
    pub(crate) fn is_sheet(&self) -> bool {
        self.object_type.is_empty() || self.object_type.eq_ignore_ascii_case("sheet")
    }
}

/// The app of a sheet, as the sheet's record contains it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct SheetApp<'a> {
    #[serde(borrow)]
    pub(crate) id: Id<'a, AppId>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    pub(crate) name: Cow<'a, str>,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) published: bool,
    #[serde(borrow)]
    pub(crate) stream: Option<Stream<'a>>,
}

impl SheetApp<'_> {
    fn into_owned(self) -> SheetApp<'static> {
        SheetApp {
            id: self.id.into_owned(),
            name: self.name.into_owned().into(),
            published: self.published,
            stream: self.stream.map(Stream::into_owned),
        }
    }
}

/// A user of `/qrs/user/full`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct User {
    pub(crate) id: UserId,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) user_id: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) user_directory: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) attributes: Vec<UserAttribute>,
    /// Whether the user is disabled.
    pub(crate) inactive: Option<bool>,
    /// Whether the user is blocked in the QMC.
    pub(crate) blacklisted: Option<bool>,
    /// Whether the directory no longer contains the user.
    pub(crate) removed_externally: Option<bool>,
    #[serde(rename = "$odd")]
    pub(crate) odd: OddFields,
}

/// The names of tags, without blank ones.
pub(crate) fn names(tags: &[Tag<'_>]) -> Vec<String> {
    let named = tags.iter().filter(|tag| is_named(tag));
    named.map(|tag| tag.name.to_string()).collect()
}

/// Whether a tag has a name that is not blank.
pub(crate) fn is_named(tag: &Tag<'_>) -> bool {
    !tag.name.trim().is_empty()
}

fn unless_empty(id: &str) -> Option<Cow<'_, str>> {
    (!id.is_empty()).then(|| id.into())
}

impl Identified for App<'_> {
    fn identity(&self) -> Option<Cow<'_, str>> {
        unless_empty(self.id.as_str())
    }

    fn odd(&self) -> &OddFields {
        &self.odd
    }
}

impl Identified for User {
    fn identity(&self) -> Option<Cow<'_, str>> {
        unless_empty(self.id.as_str())
    }

    fn odd(&self) -> &OddFields {
        &self.odd
    }
}

impl Identified for Sheet<'_> {
    /// The repository's id, otherwise both parts of its key.
    fn identity(&self) -> Option<Cow<'_, str>> {
        unless_empty(self.id.as_str()).or_else(|| {
            let (app, sheet) = (&self.app.as_ref()?.id, &self.engine_object_id);
            let both = !app.is_empty() && !sheet.is_empty();
            both.then(|| format!("{app}/{sheet}").into())
        })
    }
    fn odd(&self) -> &OddFields {
        &self.odd
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any JSON value as text, including values that parsers refuse: huge numbers, unpaired surrogates, deep nesting.
    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            any::<i64>().prop_map(|value| value.to_string()),
            Just("-1.5e999".to_owned()),
            Just(r#""\ud83d""#.to_owned()),
            Just(format!("{}{}", "[".repeat(200), "]".repeat(200))),
            any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let name = prop::sample::select(vec!["id", "name", "stream", "value", "definition"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5)
                    .prop_map(|list| format!("[{}]", list.join(","))),
                prop::collection::vec((name, inner), 0..5).prop_map(|members| {
                    let members = members
                        .iter()
                        .map(|(name, value)| format!("\"{name}\":{value}"));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    const LIGHT: [&str; 11] = [
        "name",
        "description",
        "objectType",
        "createdDate",
        "modifiedDate",
        "publishTime",
        "published",
        "approved",
        "owner",
        "tags",
        "unknown",
    ];

    proptest! {
        #[test]
        fn no_value_of_an_optional_field_makes_a_sheet_unreadable(
            values in prop::collection::vec(any_json(), LIGHT.len()),
            of_app in prop::collection::vec(any_json(), 3),
        ) {
            let light = LIGHT.iter().zip(&values).map(|(name, value)| format!("\"{name}\":{value},"));
            let [name, published, stream] = &of_app[..] else { unreachable!() };
            let json = format!(
                r#"{{"id":"1",{}"app":{{"name":{name},"id":"a","published":{published},"stream":{stream}}},"engineObjectId":"s"}}"#,
                light.collect::<String>(),
            );
            let mut salvaged = String::new();
            let sheet = lenient::lent_record::<Sheet<'_>>(json.as_bytes(), &mut salvaged);
            let sheet = sheet.expect("the sheet is read");
            prop_assert_eq!(sheet.id.as_str(), "1");
            prop_assert_eq!(sheet.engine_object_id.as_str(), "s");
            let app = sheet.app.as_ref().map(|app| app.id.as_str());
            prop_assert_eq!(app, Some("a"));
        }

        #[test]
        fn no_value_of_an_optional_field_makes_an_app_or_a_user_unreadable(values in prop::collection::vec(any_json(), 9)) {
            let names = [
                "name", "description", "published", "stream", "owner", "lastReloadTime",
                "modifiedDate", "tags", "customProperties",
            ];
            let light = names.iter().zip(&values).map(|(name, value)| format!(",\"{name}\":{value}"));
            let json = format!(r#"{{"id":"1"{}}}"#, light.collect::<String>());
            let mut salvaged = String::new();
            let app = lenient::lent_record::<App<'_>>(json.as_bytes(), &mut salvaged);
            let app = app.expect("the app is read");
            prop_assert_eq!(app.id.as_str(), "1");
            let json = format!(r#"{{"attributes":{},"id":"1"}}"#, values[0]);
            let user: User = lenient::record(json.as_bytes()).expect("the user is read");
            prop_assert_eq!(user.id.as_str(), "1");
        }
    }
}
