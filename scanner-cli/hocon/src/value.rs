//! The tree that a file is read into: values with their places, objects in the order of the file.

use std::collections::BTreeMap;

use catalog_model::Place;

/// A map that keeps its keys in the order in which they first came.
#[derive(Clone, Debug, PartialEq)]
pub struct Map<V> {
    entries: Vec<Entry<V>>,
    positions: BTreeMap<String, usize>,
    /// Keys without a value, since an optional substitution stands for nothing, with its place.
    pub(super) undefined: Vec<(String, Place)>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<V> {
    /// The key, without quotes or escapes.
    pub key: String,
    /// Where the key was last written.
    pub key_place: Place,
    /// What the key holds.
    pub value: V,
}

/// The settings of a file, or of a block in it.
pub type Object = Map<Node>;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it begins; for a substitution, where the `${…}` stands.
    pub place: Place,
    /// Whether the value, or a part of it, came from a variable that is secret.
    pub secret: bool,
}

/// What a setting can hold. Nothing is converted: `5`, `"5"` and `five` stay what they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, which hides what an earlier line said.
    Null,
    /// `true` or `false`, unquoted.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A block.
    Object(Object),
}

impl<V> Map<V> {
    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
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

    /// Keys whose optional substitutions (`${?…}`) stand for nothing, with their places.
    pub fn undefined(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.undefined.iter().map(|(key, place)| (&**key, place))
    }

    /// The keys with their values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut V)> {
        let entries = self.entries.iter_mut();
        entries.map(|entry| (&*entry.key, &mut entry.value))
    }

    /// Adds `entry`; under a key that is there already, keeps what `join` makes of the new value and the old one.
    pub(super) fn put(&mut self, entry: Entry<V>, join: impl FnOnce(V, V) -> V)
    where
        V: Clone,
    {
        if let Some(&at) = self.positions.get(&entry.key) {
            let old = &mut self.entries[at];
            old.key_place = entry.key_place;
            // Taken out rather than cloned, so that a shared value is not copied at every line that adds to it.
            let entry_value = entry.value;
            let old_value = std::mem::replace(&mut old.value, entry_value.clone());
            old.value = join(entry_value, old_value);
        } else {
            self.positions.insert(entry.key.clone(), self.entries.len());
            self.entries.push(entry);
        }
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
