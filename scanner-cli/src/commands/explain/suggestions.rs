//! What somebody may have meant who asked about something that the store does not have.

use catalog_model::{counted, nearest};

use crate::{export_line::label, printable::Page, store::CatalogItem};

/// Maximum number of items that are suggested.
const MAX_SUGGESTIONS: usize = 5;

/// Items that are like what was asked for.
#[derive(Default)]
pub(super) struct Suggestions {
    /// Items whose name, or a part of their label, is a misspelling away.
    near: Vec<String>,
    /// Items whose label or key contains the text.
    containing: Vec<String>,
    count: u64,
}

impl Suggestions {
    /// Takes the item if it is like `text`, which `lower` is in lower case.
    pub(super) fn consider(&mut self, text: &str, lower: &str, found: &CatalogItem<'_>) {
        let item = &found.item;
        let label = label(&item.label);
        let parts = item.label.iter().map(|part| part.as_ref());
        let is_near = nearest(text, parts.chain([item.name.as_ref()])).is_some();
        let contains = |text: &str| !lower.is_empty() && text.to_lowercase().contains(lower);
        let like = match is_near {
            true => &mut self.near,
            false if contains(&label) || contains(&found.key) => &mut self.containing,
            false => return,
        };
        self.count += 1;
        if like.len() < MAX_SUGGESTIONS {
            like.push(format!("{label} ({})", found.key));
        }
    }

    /// Says what may be meant by `text`, which no item is.
    pub(super) fn write_to(self, page: &mut Page, text: &str) {
        let search = "`catalog list --search TEXT` searches labels, keys and descriptions";
        let all = self.near.into_iter().chain(self.containing);
        let shown: Vec<_> = all.take(MAX_SUGGESTIONS).collect();
        if shown.is_empty() {
            writeln!(page, "no item matches `{text}`; {search}");
            return;
        }
        writeln!(page, "no item matches `{text}`; did you mean one of these?");
        for suggestion in &shown {
            writeln!(page, "  {suggestion}");
        }
        let more = self.count.saturating_sub(shown.len() as u64);
        if more > 0 {
            writeln!(page, "  and {} more; {search}", counted(more, "item"));
        }
    }
}
