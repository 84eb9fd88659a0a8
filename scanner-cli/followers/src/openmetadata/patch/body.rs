//! The body of a request that creates an entity.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::openmetadata::mapping::Tag;

/// An entity that is created. What is empty is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chart_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) charts: Option<&'a Vec<String>>,
    #[serde(flatten)]
    pub(super) fields: BTreeMap<&'static str, &'a Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) life_cycle: &'a Map<String, Value>,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) owners: Vec<Owner<'a>>,
    pub(super) service: &'a str,
    pub(super) source_hash: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Label>,
}

/// An owner.
#[derive(Serialize)]
pub(super) struct Owner<'a> {
    id: &'a str,
    r#type: &'static str,
}

/// A tag of an entity.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Label {
    label_type: &'static str,
    source: &'static str,
    state: &'static str,
    #[serde(rename = "tagFQN")]
    tag: String,
}

impl<'a> Owner<'a> {
    /// A user with this id.
    pub(super) fn new(id: &'a str) -> Self {
        Self { id, r#type: "user" }
    }
}

impl Label {
    /// A tag that a program has added.
    pub(super) fn new(tag: &Tag) -> Self {
        Self {
            label_type: "Automated",
            source: "Classification",
            state: "Confirmed",
            tag: tag.qualified(),
        }
    }
}
