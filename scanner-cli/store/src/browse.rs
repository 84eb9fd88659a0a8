//! Reading the store for people: search, lists, pages of one item, changes, scans and statistics.
//!
//! [`Browser`] reads every kind of store in the same way; [`BrowseStore`](crate::backend::BrowseStore) is what a kind must be able
//! to do. Requests and answers are plain values. Every list is read in pages. A page ends with a cursor, which continues the
//! same list only: a cursor of another list, filter or order is refused.
//!
//! All times are in milliseconds since 1970.

pub(crate) mod backend;
mod browser;
mod changes;
mod columns;
mod cursor;
pub(crate) mod document;
mod error;
mod filter;
mod index;
mod item;
mod owners;
mod page;
mod pool;
mod recent;
mod scans;
mod search;
mod settings;
mod sqlite;
mod summary;
pub(crate) mod tokens;
pub(crate) mod words;

pub use browser::Browser;
pub use changes::{ChangeRow, ChangesRequest, DayChanges, FieldChange, KindCounts};
pub use error::BrowseError;
pub use filter::{BrowseFilter, Condition, EntityScope};
pub use item::{
    BrowseEntry, ConnectionRef, ContainerRef, DetailProperty, EntryDetail, FollowerDelivery,
    FollowerState, Subject,
};
pub use owners::{OwnerCondition, OwnerRow, OwnerSort, OwnersRequest};
pub use page::{IndexState, MAX_LIMIT, Page, PageRequest};
pub use scans::{ScanPoint, ScansRequest};
pub use search::{
    DuplicateGroup, Facet, FacetValue, Facets, FacetsRequest, Highlight, SearchHit, SearchPage,
    SearchRequest, Sort, TextPart,
};
pub use settings::BrowseSettings;
pub use summary::{ConnectionOverview, Summary};
