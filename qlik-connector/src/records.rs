//! The few fields of QRS records that a scan reads. A list is decoded as fast as its records are narrow.

use std::borrow::Cow;

use qrs_client::{
    AppId, AppObjectId, CustomProperty, EngineObjectId, Owner, Stream, Tag, Timestamp,
    UserAttribute, UserId, lenient,
};
use serde::Deserialize;

use crate::list::Identified;

qrs_client::objects_only!(App, Sheet, SheetApp, User);

/// An app of `/qrs/app/full`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct App {
    pub(crate) id: AppId,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) description: String,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) published: bool,
    pub(crate) stream: Option<Stream>,
    pub(crate) owner: Option<Owner>,
    pub(crate) last_reload_time: Timestamp,
    pub(crate) modified_date: Timestamp,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) tags: Vec<Tag>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) custom_properties: Vec<CustomProperty>,
}

/// A sheet of `/qrs/app/object/full`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct Sheet {
    pub(crate) id: AppObjectId,
    pub(crate) engine_object_id: EngineObjectId,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) object_type: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) description: String,
    pub(crate) created_date: Timestamp,
    pub(crate) modified_date: Timestamp,
    pub(crate) publish_time: Timestamp,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) published: bool,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) approved: bool,
    pub(crate) owner: Option<Owner>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) tags: Vec<Tag>,
    pub(crate) app: Option<SheetApp>,
}

impl Sheet {
    /// Whether it is one: QRS sends other objects in the same lists, and compares text without regard to case, so that
    /// `sheet` asks for `Sheet`, too. An object without a type was asked for as a sheet.
    pub(crate) fn is_sheet(&self) -> bool {
        self.object_type.is_empty() || self.object_type.eq_ignore_ascii_case("sheet")
    }
}

/// What a sheet says of its app.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct SheetApp {
    pub(crate) id: AppId,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: String,
    #[serde(deserialize_with = "lenient::or_default")]
    pub(crate) published: bool,
    pub(crate) stream: Option<Stream>,
}

/// A user of `/qrs/user/full`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
pub(crate) struct User {
    pub(crate) id: UserId,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) attributes: Vec<UserAttribute>,
}

fn unless_empty(id: &str) -> Option<Cow<'_, str>> {
    (!id.is_empty()).then(|| id.into())
}

impl Identified for App {
    fn identity(&self) -> Option<Cow<'_, str>> {
        unless_empty(self.id.as_str())
    }
}

impl Identified for User {
    fn identity(&self) -> Option<Cow<'_, str>> {
        unless_empty(self.id.as_str())
    }
}

impl Identified for Sheet {
    /// The repository's id, else both parts of its key.
    fn identity(&self) -> Option<Cow<'_, str>> {
        unless_empty(self.id.as_str()).or_else(|| {
            let (app, sheet) = (&self.app.as_ref()?.id, &self.engine_object_id);
            let both = !app.is_empty() && !sheet.is_empty();
            both.then(|| format!("{app}/{sheet}").into())
        })
    }
}
