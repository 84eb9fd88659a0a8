//! Items with a similar name, or with a text in their label or key.

use catalog_model::nearest;

use crate::{export_line::label, store::CatalogItem, subject::Subject};

/// Maximum number of items that are suggested.
const MAX_SUGGESTIONS: usize = 5;

/// Items that are similar to a subject.
#[derive(Default)]
pub struct Suggestions {
    /// Items with a name, or a part of the label, that may be misspelt in the subject.
    near: Vec<String>,
    /// Items with a label or a key that contains the text.
    containing: Vec<String>,
    count: u64,
}

impl Suggestions {
    /// Adds the item if it is similar to the subject.
    pub(super) fn consider(&mut self, subject: &Subject<'_>, found: &CatalogItem<'_>) {
        let (text, lower) = (subject.text(), subject.lower());
        let item = &found.item;
        let label = label(&item.label);
        let parts = item.label.iter().map(|part| part.as_ref());
        let is_near = nearest(text, parts.chain([item.name.as_ref()])).is_some();
        let contains = |text: &str| !lower.is_empty() && text.to_lowercase().contains(lower);
        let similar = match is_near {
            true => &mut self.near,
            false if contains(&label) || contains(&found.key) => &mut self.containing,
            false => return,
        };
        self.count += 1;
        if similar.len() < MAX_SUGGESTIONS {
            similar.push(format!("{label} ({})", found.key));
        }
    }

    /// The first five items as label and key, and how many more there are.
    #[must_use]
    pub fn first(&self) -> (Vec<&str>, u64) {
        let all = self.near.iter().chain(&self.containing);
        let first: Vec<_> = all.take(MAX_SUGGESTIONS).map(String::as_str).collect();
        let more = self.count.saturating_sub(first.len() as u64);
        (first, more)
    }
}
