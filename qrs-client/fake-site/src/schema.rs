//! The schema of QRS: the properties of each kind of record that the fake site has, and their types.
//!
//! These tables validate filters, and define the condensed form of a record.

use serde_json::{Map, Value};

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// `/qrs/app`
    App,
    /// `/qrs/app/object`
    Object,
    /// `/qrs/stream`
    Stream,
    /// `/qrs/user`
    User,
}

impl Entity {
    /// The kind of record that a path below `/qrs/` names, and the rest of the path.
    pub(super) fn of_path(path: &str) -> Option<(Self, &str)> {
        // The longest first: otherwise `app/object` would be the app with the id `object`.
        let names = [
            ("app/object", Self::Object),
            ("app", Self::App),
            ("stream", Self::Stream),
            ("user", Self::User),
        ];
        names.into_iter().find_map(|(name, entity)| {
            let rest = path.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((entity, rest))
        })
    }

    /// Reduces a full record to its condensed form, which lacks `app`, `owner`, `approved` and more.
    pub(super) fn condense(self, record: &Value) -> Value {
        let kept = self.condensed_properties().iter();
        let kept = kept.filter_map(|name| Some(((*name).to_owned(), record.get(name)?.clone())));
        Value::Object(kept.collect::<Map<_, _>>())
    }

    fn condensed_properties(self) -> &'static [&'static str] {
        match self {
            Self::App => &[
                "id",
                "name",
                "appId",
                "publishTime",
                "published",
                "stream",
                "savedInProductVersion",
                "migrationHash",
                "availabilityStatus",
                "privileges",
            ],
            Self::Object => &[
                "id",
                "engineObjectType",
                "description",
                "objectType",
                "publishTime",
                "published",
                "name",
                "engineObjectId",
                "contentHash",
                "privileges",
            ],
            Self::Stream => &["id", "name", "privileges"],
            Self::User => &[
                "id",
                "userId",
                "userDirectory",
                "userDirectoryConnectorName",
                "name",
                "privileges",
            ],
        }
    }

    fn properties(self) -> &'static [Property] {
        match self {
            Self::App => APP,
            Self::Object => OBJECT,
            Self::Stream => STREAM,
            Self::User => USER,
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
    /// A record, or a list of records. In a path, a dot and a property follow.
    Record(&'static [Property]),
}

type Property = (&'static str, Type);

/// A dotted path that exists, each part spelled as in the JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PropertyPath {
    parts: Vec<&'static str>,
    pub(super) end: Type,
}

impl PropertyPath {
    /// Looks up `path`, ignoring case: Qlik's own examples filter users by `Name` (Qlik help, Get count).
    pub(super) fn resolve(entity: Entity, path: &str) -> Option<Self> {
        let mut end = Type::Record(entity.properties());
        let mut parts = Vec::new();
        for part in path.split('.') {
            let Type::Record(properties) = end else {
                return None;
            };
            let known = |(name, _): &&Property| name.eq_ignore_ascii_case(part);
            let (name, next) = properties.iter().find(known)?;
            parts.push(*name);
            end = *next;
        }
        (!matches!(end, Type::Record(_))).then_some(Self { parts, end })
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
        values
    }
}

const APP: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("appId", Type::Text),
    ("sourceAppId", Type::Guid),
    ("targetAppId", Type::Guid),
    ("publishTime", Type::Date),
    ("published", Type::Bool),
    ("tags", Type::Record(TAG)),
    ("description", Type::Text),
    ("stream", Type::Record(STREAM)),
    ("fileSize", Type::Number),
    ("lastReloadTime", Type::Date),
    ("thumbnail", Type::Text),
    ("savedInProductVersion", Type::Text),
    ("migrationHash", Type::Text),
    ("availabilityStatus", Type::Number),
];

const OBJECT: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("owner", Type::Record(USER)),
    ("engineObjectType", Type::Text),
    ("description", Type::Text),
    ("objectType", Type::Text),
    ("publishTime", Type::Date),
    ("published", Type::Bool),
    ("approved", Type::Bool),
    ("tags", Type::Record(TAG)),
    ("sourceObject", Type::Text),
    ("draftObject", Type::Text),
    ("name", Type::Text),
    ("app", Type::Record(APP)),
    ("engineObjectId", Type::Text),
    ("contentHash", Type::Text),
    ("size", Type::Number),
];

const STREAM: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("tags", Type::Record(TAG)),
];

const USER: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("userId", Type::Text),
    ("userDirectory", Type::Text),
    ("userDirectoryConnectorName", Type::Text),
    ("name", Type::Text),
    ("attributes", Type::Record(ATTRIBUTE)),
    ("inactive", Type::Bool),
    ("removedExternally", Type::Bool),
    ("blacklisted", Type::Bool),
    ("tags", Type::Record(TAG)),
];

const TAG: &[Property] = &[("id", Type::Guid), ("name", Type::Text)];

const CUSTOM_PROPERTY: &[Property] = &[
    ("id", Type::Guid),
    ("value", Type::Text),
    ("definition", Type::Record(TAG)),
];

const ATTRIBUTE: &[Property] = &[
    ("attributeType", Type::Text),
    ("attributeValue", Type::Text),
    ("externalId", Type::Text),
];
