//! Dotted names as nested blocks.

use std::collections::BTreeMap;

use catalog_model::settings::{Declaration, DeclarationGroup};
use serde_json::{Map, Value, json};

use super::{is_mandatory, types};

/// Whether a block may have settings that are not declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Openness {
    /// It may.
    Open,
    /// It may not.
    Closed,
}

/// A block of settings.
#[derive(Default)]
pub(super) struct Tree<'a> {
    children: BTreeMap<&'a str, Child<'a>>,
}

/// What a name in a block is.
enum Child<'a> {
    /// A setting. Several declarations are alternatives for the same name.
    Setting(Vec<&'a Declaration>),
    /// A block.
    Block(Tree<'a>),
}

impl<'a> Tree<'a> {
    /// All settings of these groups.
    pub(super) fn new(groups: &'a [DeclarationGroup]) -> Self {
        let all = groups.iter().flat_map(|group| group.settings);
        Self::from_settings(all.map(|one| (one.name, one)))
    }

    /// The settings with these names.
    fn from_settings(settings: impl Iterator<Item = (&'a str, &'a Declaration)>) -> Self {
        let mut root = Self::default();
        for (name, declaration) in settings {
            root.add(name, declaration);
        }
        root
    }

    fn add(&mut self, name: &'a str, declaration: &'a Declaration) {
        match name.split_once('.') {
            Some((block, rest)) => {
                let block = self.children.entry(block);
                let block = block.or_insert_with(|| Child::Block(Self::default()));
                if let Child::Block(block) = block {
                    block.add(rest, declaration);
                }
            }
            None => {
                let setting = self.children.entry(name);
                let setting = setting.or_insert_with(|| Child::Setting(Vec::new()));
                if let Child::Setting(alternatives) = setting {
                    alternatives.push(declaration);
                }
            }
        }
    }

    /// The schema of the types of all settings. `openness` decides by the dotted name of a block, which is empty for the
    /// root.
    pub(super) fn schema(&self, openness: &dyn Fn(&str) -> Openness) -> Value {
        self.block("", openness)
    }

    fn block(&self, path: &str, openness: &dyn Fn(&str) -> Openness) -> Value {
        let properties = self.children.iter().map(|(name, child)| {
            let schema = match child {
                Child::Setting(alternatives) => types::schema(alternatives),
                Child::Block(block) => {
                    let path = match path.is_empty() {
                        true => (*name).to_owned(),
                        false => format!("{path}.{name}"),
                    };
                    block.block(&path, openness)
                }
            };
            ((*name).to_owned(), schema)
        });
        let properties: Map<_, _> = properties.collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if openness(path) == Openness::Closed {
            schema["additionalProperties"] = json!(false);
        }
        schema
    }

    /// The schema of what must be set in a block that the program uses.
    fn requirements(&self) -> Value {
        let mut required = Vec::new();
        let mut properties = Map::new();
        for (name, child) in &self.children {
            let schema = match child {
                Child::Setting(all) if all.iter().any(|one| is_mandatory(one.need)) => {
                    // Blank means not set.
                    json!({ "not": { "enum": [null, ""] } })
                }
                Child::Setting(_) => continue,
                Child::Block(block) => match block.requirements() {
                    Value::Object(inner) if inner.is_empty() => continue,
                    inner => inner,
                },
            };
            required.push(*name);
            properties.insert((*name).to_owned(), schema);
        }
        match required.is_empty() {
            true => json!({}),
            false => json!({ "required": required, "properties": properties }),
        }
    }
}

/// The schema of what must be set: the mandatory settings, and one group of each block that has alternatives.
pub(super) fn requirements(groups: &[DeclarationGroup]) -> Value {
    let always = groups.iter().filter(|one| one.alternative_for.is_none());
    let always: Vec<_> = always.copied().collect();
    let mut all = vec![Tree::new(&always).requirements()];
    let mut blocks: Vec<_> = groups
        .iter()
        .filter_map(|one| one.alternative_for)
        .collect();
    blocks.dedup();
    all.extend(blocks.into_iter().map(|block| one_of(block, groups)));
    json!({ "allOf": all })
}

/// The schema of a block that has exactly one of its groups.
fn one_of(block: &str, groups: &[DeclarationGroup]) -> Value {
    let groups = groups
        .iter()
        .filter(|one| one.alternative_for == Some(block));
    let prefix = format!("{block}.");
    let alternatives = groups.map(|group| {
        let settings = group.settings.iter();
        let settings = settings.filter_map(|one| Some((one.name.strip_prefix(&prefix)?, one)));
        let tree = Tree::from_settings(settings);
        let mut schema = tree.schema(&|_| Openness::Closed);
        schema["title"] = json!(group.title);
        json!({ "allOf": [schema, tree.requirements()] })
    });
    let alternatives: Vec<_> = alternatives.collect();
    let innermost = json!({ "oneOf": alternatives });
    block.rsplit('.').fold(
        innermost,
        |inner, name| json!({ "required": [name], "properties": { name: inner } }),
    )
}
