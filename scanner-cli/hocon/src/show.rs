//! A settings tree as JSON, and as a list of its settings.

use std::collections::BTreeMap;

use super::secret::{is_secret, user_of_url};
use catalog_model::{
    Place,
    settings::{Entry, Map, Node, Object, Value},
};

/// Printed in place of a secret.
pub const MASK: &str = "********";

/// Whether secrets are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// Replaced by stars.
    Mask,
    /// In full.
    Reveal,
}

/// A setting other than a block, with its full path.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting<'a> {
    /// The path, beginning with the outermost block.
    pub path: Vec<String>,
    /// The place of its key.
    pub key_place: &'a Place,
    /// The value. Never a block, unless the block is empty.
    pub node: &'a Node,
}

impl Setting<'_> {
    /// Converts the value to JSON.
    #[must_use]
    pub fn to_json(&self, masking: Masking) -> serde_json::Value {
        value_json(&self.node.value, &mut self.path.clone(), masking)
    }
}

/// Converts the tree to JSON. A number that JSON cannot represent becomes a text.
#[must_use]
pub fn to_json(object: &Object, masking: Masking) -> serde_json::Value {
    object_json(object, &mut Vec::new(), masking)
}

/// Lists all settings that are not blocks, in the order of the file.
#[must_use]
pub fn settings(object: &Object) -> Vec<Setting<'_>> {
    let mut settings = Vec::new();
    collect(object, &mut Vec::new(), &mut settings);
    // Settings of an included file stay together. Files are in the order of their first setting.
    let mut files = BTreeMap::new();
    for setting in &settings {
        let order = files.len();
        files.entry(setting.key_place.file.clone()).or_insert(order);
    }
    settings.sort_by_key(|setting| {
        let Place { file, line, column } = setting.key_place;
        (files.get(file), *line, *column)
    });
    settings
}

fn collect<'a>(object: &'a Object, path: &mut Vec<String>, settings: &mut Vec<Setting<'a>>) {
    for Entry {
        key,
        key_place,
        value,
    } in object.iter()
    {
        path.push(key.clone());
        match &value.value {
            Value::Object(inner) if !inner.is_empty() => collect(inner, path, settings),
            _ => settings.push(Setting {
                path: path.clone(),
                key_place,
                node: value,
            }),
        }
        path.pop();
    }
}

fn object_json(object: &Map<Node>, path: &mut Vec<String>, masking: Masking) -> serde_json::Value {
    let mut members = serde_json::Map::new();
    for Entry { key, value, .. } in object.iter() {
        path.push(key.clone());
        members.insert(key.clone(), value_json(&value.value, path, masking));
        path.pop();
    }
    members.into()
}

fn value_json(value: &Value, path: &mut Vec<String>, masking: Masking) -> serde_json::Value {
    let hidden = masking == Masking::Mask && is_secret(path);
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Object(object) => object_json(object, path, masking),
        _ if hidden => MASK.into(),
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => number_json(text),
        Value::String(text) => match user_of_url(text) {
            Some(user) if masking == Masking::Mask => {
                format!("{}{MASK}{}", &text[..user.start], &text[user.end..]).into()
            }
            _ => text.as_str().into(),
        },
        Value::List(items) => items
            .iter()
            .map(|item| value_json(&item.value, path, masking))
            .collect(),
    }
}

fn number_json(text: &str) -> serde_json::Value {
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    let number = text.parse().ok().and_then(serde_json::Number::from_f64);
    number.map_or_else(|| text.into(), serde_json::Value::Number)
}
