//! The schema of QRS: the properties of each kind of record that the fake site has, and their types.
//!
//! These tables validate filters, and define the condensed form of a record.

mod kinds;
mod properties;

use serde_json::{Map, Value};

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Entity {
    /// `/qrs/app`
    App,
    /// `/qrs/app/object`
    Object,
    /// `/qrs/stream`
    Stream,
    /// `/qrs/user`
    User,
    /// `/qrs/tag`
    Tag,
    /// `/qrs/custompropertydefinition`
    CustomPropertyDefinition,
    /// `/qrs/dataconnection`
    DataConnection,
    /// `/qrs/reloadtask`, and for reading `/qrs/task`: all tasks of the fake site reload an app.
    ReloadTask,
    /// `/qrs/executionresult`
    ExecutionResult,
    /// `/qrs/extension`
    Extension,
    /// `/qrs/contentlibrary`
    ContentLibrary,
    /// `/qrs/servernodeconfiguration`
    Node,
    /// `/qrs/systemrule`
    SystemRule,
}

/// What distinguishes one kind of record.
struct Kind {
    path: &'static str,
    /// Its name in QRS.
    name: &'static str,
    /// The properties of its condensed form.
    condensed: &'static [&'static str],
    properties: &'static [Property],
    may: May,
}

/// What QRS allows to do with a kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum May {
    Read,
    Change,
    Create,
}

const NAME_ONLY: &[&str] = &["id", "name", "privileges"];

impl Entity {
    /// All kinds. Those whose paths begin with the path of another come first.
    pub(super) const ALL: [Self; 13] = [
        Self::Object,
        Self::App,
        Self::Stream,
        Self::User,
        Self::Tag,
        Self::CustomPropertyDefinition,
        Self::DataConnection,
        Self::ReloadTask,
        Self::ExecutionResult,
        Self::Extension,
        Self::ContentLibrary,
        Self::Node,
        Self::SystemRule,
    ];

    /// The kind of record that a path below `/qrs/` names, and the rest of the path.
    pub(super) fn of_path(path: &str) -> Option<(Self, &str)> {
        let below = |name: &str| {
            let rest = path.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let mut all = Self::ALL.into_iter();
        all.find_map(|entity| Some((entity, below(entity.kind().path)?)))
            .or_else(|| Some((Self::ReloadTask, below("task")?)))
    }

    /// The kind of record with this name in QRS, such as `App.Object`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

    /// The name in QRS, such as `App.Object`.
    pub(super) fn name(self) -> &'static str {
        self.kind().name
    }

    /// Whether QRS allows this.
    pub(super) fn allows(self, wanted: May) -> bool {
        self.kind().may >= wanted
    }

    /// Reduces a full record to its condensed form, which lacks `app`, `owner`, `approved` and more.
    pub(super) fn condense(self, record: &Value) -> Value {
        let kept = self.kind().condensed.iter();
        let kept = kept.filter_map(|name| Some(((*name).to_owned(), record.get(name)?.clone())));
        Value::Object(kept.collect::<Map<_, _>>())
    }

    /// The type of a property, spelled as in the JSON.
    pub(super) fn type_of(self, property: &str) -> Option<Type> {
        let mut properties = self.kind().properties.iter();
        let (_, kind) = properties.find(|(name, _)| *name == property)?;
        Some(*kind)
    }

    /// The properties and their types.
    pub(super) fn properties(self) -> impl Iterator<Item = (&'static str, Type)> {
        self.kind().properties.iter().copied()
    }

    fn kind(self) -> &'static Kind {
        match self {
            Self::App => &kinds::APP,
            Self::Object => &kinds::OBJECT,
            Self::Stream => &kinds::STREAM,
            Self::User => &kinds::USER,
            Self::Tag => &kinds::TAG,
            Self::CustomPropertyDefinition => &kinds::CUSTOM_PROPERTY_DEFINITION,
            Self::DataConnection => &kinds::DATA_CONNECTION,
            Self::ReloadTask => &kinds::RELOAD_TASK,
            Self::ExecutionResult => &kinds::EXECUTION_RESULT,
            Self::Extension => &kinds::EXTENSION,
            Self::ContentLibrary => &kinds::CONTENT_LIBRARY,
            Self::Node => &kinds::NODE,
            Self::SystemRule => &kinds::SYSTEM_RULE,
        }
    }
}

/// The type of a property, which determines the literals that a filter may compare it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Guid,
    Bool,
    Date,
    Number,
    /// A list of texts. It cannot be in a filter.
    Texts,
    /// A record, or a list of records. In a path, a dot and a property follow.
    Record(&'static [Property]),
}

type Property = (&'static str, Type);

/// A dotted path that exists, each part spelled as in the JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PropertyPath {
    parts: Vec<&'static str>,
    /// The name of a custom property of the record at the end of the path: `@Department`.
    custom: Option<String>,
    pub(super) end: Type,
}

impl PropertyPath {
    /// Looks up `path`, ignoring case: Qlik's own examples filter users by `Name` (Qlik help, Get count).
    pub(super) fn resolve(entity: Entity, path: &str) -> Option<Self> {
        let mut end = Type::Record(entity.kind().properties);
        let mut parts = Vec::new();
        for part in path.split('.') {
            let Type::Record(properties) = end else {
                return None;
            };
            if let Some(custom) = part.strip_prefix('@') {
                let has_custom = properties
                    .iter()
                    .any(|(name, _)| *name == "customProperties");
                return (has_custom && path.ends_with(part)).then(|| Self {
                    parts,
                    custom: Some(custom.to_lowercase()),
                    end: Type::Text,
                });
            }
            let known = |(name, _): &&Property| name.eq_ignore_ascii_case(part);
            let (name, next) = properties.iter().find(known)?;
            parts.push(*name);
            end = *next;
        }
        (!matches!(end, Type::Record(_) | Type::Texts)).then_some(Self {
            parts,
            custom: None,
            end,
        })
    }

    /// All values at this path: several if it contains a list, none if a part is missing.
    pub(super) fn values<'a>(&self, record: &'a Value) -> Vec<&'a Value> {
        let mut values = vec![record];
        for part in &self.parts {
            let flat = values.into_iter().flat_map(|value| match value {
                Value::Array(elements) => elements.as_slice(),
                other => std::slice::from_ref(other),
            });
            values = flat.filter_map(|value| value.get(part)).collect();
        }
        match &self.custom {
            Some(name) => values
                .into_iter()
                .flat_map(|value| custom_values(value, name))
                .collect(),
            None => values,
        }
    }
}

/// The values of a custom property, whose name is in lower case.
fn custom_values<'a>(record: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let properties = record["customProperties"].as_array().into_iter().flatten();
    properties
        .filter(move |property| {
            let own = property["definition"]["name"].as_str();
            own.is_some_and(|own| own.to_lowercase() == name)
        })
        .filter_map(|property| property.get("value"))
}
