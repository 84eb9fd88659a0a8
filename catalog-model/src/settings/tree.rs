//! The tree of a settings file: values with their places, and blocks in the order of the file.

use std::{borrow::Cow, collections::BTreeMap, fmt, mem};

use crate::Place;

/// A map that keeps its keys in the order in which they first came.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<V> {
    entries: Vec<Entry<V>>,
    positions: BTreeMap<String, usize>,
    undefined: Vec<(String, V)>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<V> {
    /// The key, without quotes or escapes.
    pub key: String,
    /// Where the key was last written.
    pub key_place: Place,
    /// The value of the key.
    pub value: V,
}

/// The settings of a file, or of a block in it.
pub type Object = Map<Node>;

/// A value and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where the value begins; of a substitution, the place of the `${…}`.
    pub place: Place,
    /// Whether the value, or a part of it, came from a variable that is secret.
    pub secret: bool,
}

/// The value of a setting. Nothing is converted: `5`, `"5"` and `five` stay what they are.
///
/// `Debug` prints only the kind of the value, because any text may be a secret.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `null`: the same as not set.
    Null,
    /// `true` or `false`, unquoted.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A block of settings.
    Object(Object),
}

impl Node {
    /// A value that did not come from a secret variable.
    #[must_use]
    pub fn new(value: Value, place: Place) -> Self {
        Self {
            value,
            place,
            secret: false,
        }
    }
}

impl Value {
    /// The value as a text, if it is a single value and not null.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Bool(value) => Some(Cow::Owned(value.to_string())),
            Self::Number(text) | Self::String(text) => Some(Cow::Borrowed(text)),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// What the value is, for a sentence: `found a list`.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::String(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "a block of settings",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe())
    }
}

impl<V> Map<V> {
    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the object is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of `key` with the place of the key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry<V>> {
        self.positions.get(key).map(|&at| &self.entries[at])
    }

    /// The entries, in the order in which their keys first came.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<V>> {
        self.entries.iter()
    }

    /// The keys with their values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut V)> {
        let entries = self.entries.iter_mut();
        entries.map(|entry| (&*entry.key, &mut entry.value))
    }

    /// Adds `entry`. If its key is there already, the value becomes what `join` makes of the new value and the old one.
    pub fn put(&mut self, entry: Entry<V>, join: impl FnOnce(V, V) -> V)
    where
        V: Clone,
    {
        if let Some(&at) = self.positions.get(&entry.key) {
            let old = &mut self.entries[at];
            old.key_place = entry.key_place;
            // Taken out rather than cloned, so that a shared value is not copied at every line that adds to it.
            let entry_value = entry.value;
            let old_value = mem::replace(&mut old.value, entry_value.clone());
            old.value = join(entry_value, old_value);
        } else {
            self.positions.insert(entry.key.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }
}

impl Object {
    /// Adds a setting, or replaces the one with this key.
    pub fn add(&mut self, key: &str, key_place: &Place, value: Node) {
        let entry = Entry {
            key: key.to_owned(),
            key_place: key_place.clone(),
            value,
        };
        self.put(entry, |new, _old| new);
    }

    /// Adds the keys whose optional substitutions (`${?…}`) have no value, with their places. They count as null, and
    /// only for readers of settings. A key that has a value stays as it is.
    #[must_use]
    pub fn with_undefined(mut self, keys: &[(String, Place)]) -> Self {
        let unset = keys.iter().filter(|(key, _)| self.get(key).is_none());
        let unset = unset.map(|(key, place)| (key.clone(), Node::new(Value::Null, place.clone())));
        self.undefined = unset.collect();
        self
    }

    /// The setting `key`. One whose optional substitution has no value is null.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Node> {
        self.get(key).or_else(|| {
            let undefined = self.undefined.iter().find(|(known, _)| known == key);
            undefined.map(|(_, node)| node)
        })
    }

    /// All settings. Those whose optional substitutions have no value are null and come last.
    pub fn all_settings(&self) -> impl Iterator<Item = (&str, &Node)> {
        let set = self.entries.iter();
        let set = set.map(|entry| (entry.key.as_str(), &entry.value));
        set.chain(self.undefined.iter().map(|(key, node)| (&**key, node)))
    }

    /// The same as [`all_settings`](Self::all_settings), by value.
    pub fn into_all_settings(self) -> impl Iterator<Item = (String, Node)> {
        let set = self.entries.into_iter();
        let set = set.map(|entry| (entry.key, entry.value));
        set.chain(self.undefined)
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            positions: BTreeMap::new(),
            undefined: Vec::new(),
        }
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = Entry<V>;
    type IntoIter = std::vec::IntoIter<Entry<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<V: Clone> FromIterator<Entry<V>> for Map<V> {
    fn from_iter<I: IntoIterator<Item = Entry<V>>>(entries: I) -> Self {
        let mut map = Self::default();
        for entry in entries {
            map.put(entry, |new, _old| new);
        }
        map
    }
}

/// Settings whose keys are where their values are.
impl FromIterator<(String, Node)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Node)>>(settings: I) -> Self {
        let settings = settings.into_iter();
        let entries = settings.map(|(key, value)| Entry {
            key,
            key_place: value.place.clone(),
            value,
        });
        entries.collect()
    }
}
