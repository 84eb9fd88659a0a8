//! Search, lists of items, and facets.

use catalog_model::ContainerKind;

use super::{BrowseEntry, BrowseFilter, ContainerRef, IndexState, PageRequest};

/// Which items or containers a list contains, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// What people typed. All words must occur, each at the beginning of a word; `"…"` is a phrase. Empty: everything.
    pub text: String,
    /// Which items or containers.
    pub filter: BrowseFilter,
    /// The order. Not set: [`Sort::Relevance`] if there is a text, and otherwise [`Sort::Name`].
    pub sort: Option<Sort>,
    /// Which page.
    pub page: PageRequest,
    /// Whether the hits are marked in the texts of the entries. It costs more than the search.
    pub has_highlights: bool,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Those with the text in their names first. Without a text the same as `Name`.
    Relevance,
    /// By name.
    Name,
    /// By key.
    Key,
    /// Those that changed last first.
    Changed,
    /// Those that were first seen last first.
    FirstSeen,
}

impl Sort {
    /// All orders.
    pub const ALL: [Self; 5] = [
        Self::Relevance,
        Self::Name,
        Self::Key,
        Self::Changed,
        Self::FirstSeen,
    ];

    /// The word for it in addresses: `first_seen`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Name => "name",
            Self::Key => "key",
            Self::Changed => "changed",
            Self::FirstSeen => "first_seen",
        }
    }

    /// The order with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }
}

/// A page of a list of items or containers.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchPage {
    /// The hits.
    pub hits: Vec<SearchHit>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// Number of all hits.
    pub total: u64,
    /// How far the index is.
    pub index: IndexState,
}

/// An item or container of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    /// The item or container.
    pub entry: BrowseEntry,
    /// For a container, the number of existing items that it holds directly or indirectly.
    pub items: Option<u64>,
    /// Where the text was found, the most important place first.
    pub highlights: Vec<Highlight>,
}

/// A part of an item in which the text was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// `name`, `description`, `containers`, `owners`, `tags`, or `properties`.
    pub field: &'static str,
    /// The value, or the part of a long value that has the most hits.
    pub parts: Vec<TextPart>,
}

/// A part of a highlighted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPart {
    /// The text.
    pub text: String,
    /// Whether it is what was searched for.
    pub is_hit: bool,
}

/// For which list facets are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetsRequest {
    /// The text, as in [`SearchRequest::text`].
    pub text: String,
    /// The filter.
    pub filter: BrowseFilter,
    /// Maximum number of values of a facet.
    pub max_values: usize,
}

/// The values that the items of a list have, with counts. The counts of a facet ignore the filter of the same facet, so
/// that people can choose another value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// Number of items or containers that match text and filter.
    pub total: u64,
    /// Connections. The value is the code.
    pub connections: Facet,
    /// Containers by kind. The value is the key.
    pub containers: Vec<(ContainerKind, Facet)>,
    /// Owners. The value is the id of the owner.
    pub owners: Facet,
    /// Tags.
    pub tags: Facet,
    /// Values of the status property.
    pub statuses: Facet,
    /// States. The value is the word of an `ItemState`.
    pub states: Facet,
    /// How far the index is.
    pub index: IndexState,
}

/// A facet: the most frequent values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facet {
    /// The values with the highest counts, and those that the filter selects.
    pub values: Vec<FacetValue>,
    /// Number of further values.
    pub more: u64,
}

/// A value of a facet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// The value for the filter.
    pub value: String,
    /// The display name.
    pub label: String,
    /// Number of items or containers that have it.
    pub count: u64,
    /// Whether the filter selects it.
    pub is_selected: bool,
}

/// Containers of one kind that hold items with the same last part of the key, so that they may be copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateGroup {
    /// The container with the smallest key, and the others.
    pub containers: Vec<ContainerRef>,
    /// Number of parts of keys that at least two of them have.
    pub shared_items: u64,
}
