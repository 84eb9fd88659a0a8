//! What the caller knows about the items and the store does not.

use std::time::Duration;

use catalog_model::PropertyDefinition;

/// The meaning of properties, and limits. Connectors declare properties; the store only keeps their names and values.
#[derive(Clone, Debug)]
pub struct BrowseSettings {
    /// The definitions of properties, for labels. A property that is not defined is shown with its name.
    pub properties: Vec<PropertyDefinition>,
    /// The names of the properties that hold tags.
    pub tag_properties: Vec<String>,
    /// The name of the text property that says how an item is published, if there is one.
    pub status_property: Option<String>,
    /// How long a request may take before it ends with an error.
    pub time_limit: Duration,
    /// Number of items and containers up to which a request loads what the index has in memory itself, if the index has
    /// changed. With more, a thread does it, and requests are answered from the former state meanwhile.
    pub max_loaded_by_request: usize,
}

impl Default for BrowseSettings {
    fn default() -> Self {
        Self {
            properties: Vec::new(),
            tag_properties: Vec::new(),
            status_property: None,
            time_limit: Duration::from_secs(5),
            max_loaded_by_request: 500_000,
        }
    }
}

impl BrowseSettings {
    /// Returns the label of a property or of another field.
    #[must_use]
    pub fn label(&self, name: &str) -> String {
        let mut defined = self.properties.iter();
        let defined = defined.find(|defined| defined.name == name);
        defined.map_or_else(|| name.to_owned(), |defined| defined.label.to_owned())
    }
}
