//! Aspects as JSON texts. Each is written once: the text is sent, hashed and compared.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

/// The value of an aspect.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Aspect(Box<RawValue>);

/// Aspects by name.
pub type Aspects = BTreeMap<&'static str, Aspect>;

impl Aspect {
    /// An aspect with this value. Structures declare their fields in the order of their names, since the hash of the text
    /// says whether an entity has changed: another order would send everything again.
    pub fn new(value: &(impl Serialize + ?Sized)) -> Self {
        // Structures of texts, numbers and lists can be written.
        Self(to_raw_value(value).unwrap_or_default())
    }

    /// The text.
    #[must_use]
    pub fn json(&self) -> &str {
        self.0.get()
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(self.json()).unwrap_or_default()
    }
}

impl PartialEq for Aspect {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}
